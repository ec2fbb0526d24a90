import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/hedge.options.js';
import { spannerTables } from '../../src/store/spanner/spanner.options.js';
import { pageAt, PAGES } from '../support/docs/published.pages.js';

it('README.md keeps to two screens', () => {
  expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThanOrEqual(120);
});

describe('the tables of the docs', () => {
  it('list every option, and none that is not', () => {
    const [, options] =
      /interface HedgeModuleOptions \{(.*?)\n\}/s.exec(apiOf('nestjs-hedge')) ?? [];
    const names = [...(options ?? '').matchAll(/^ +(\w+)\?:/gm)].map(([, name]) => name);
    expect(names).toContain('database');
    const listed = pageAt('docs/options.md').rowsOfCodes.flatMap(([{ codes }]) => codes);
    // It belongs to the module, not to the member.
    expect(listed.toSorted()).toEqual([...names, 'isGlobal'].toSorted());
  });

  it('give the defaults that options have', () => {
    const elsewhere = { ...spannerTables(), createTables: false, isGlobal: true };
    const defaults: Record<string, unknown> = { ...elsewhere, ...resolveOptions({}, {}) };
    const given = pageAt('docs/options.md').rowsOfCodes.flatMap(([{ codes: names }, { text }]) => {
      const values = text.replaceAll(/(?<=\d),(?=\d)| ms$/g, '').split(', ');
      return names.map((name, at) => [name, values[at].replaceAll("'", '"')]);
    });
    // What is told in words is not compared.
    const literals = given.filter(([, value]) => /^("\w+"|\d+|true|false|\{\})$/.test(value));
    expect(literals).toHaveLength(9);
    expect(literals).toEqual(literals.map(([name]) => [name, JSON.stringify(defaults[name])]));
  });

  it('list every error with its status, and none that is not', () => {
    const statuses = readFileSync('src/errors/hedge-error.codes.ts', 'utf8').matchAll(
      /^ +(\w+): (\d+),/gm,
    );
    const expected = [...statuses].map(([, code, status]) => `${code} ${status}`);
    expect(expected.length).toBeGreaterThan(10);
    const listed = pageAt('docs/errors.md').rowsOfCodes.flatMap(([{ codes }, status]) =>
      codes.map((code) => `${code} ${status.text}`),
    );
    expect(listed.toSorted()).toEqual(expected.toSorted());
  });

  it('list every metric and attribute, and none that is not', () => {
    const sources = sourcesIn('src/opentelemetry').join('\n');
    const expected = Array.from(sources.matchAll(/'(hedge\.[a-z.]+)'/g), ([, name]) => name);
    expect(expected.length).toBeGreaterThan(10);
    const { codes } = pageAt('docs/telemetry.md');
    const listed = codes.filter((code) => /^hedge\.[a-z.]+$/.test(code));
    expect(new Set(listed)).toEqual(new Set(expected));
  });

  it.each(PAGES)('speak of no constant that is nowhere: $path', ({ codes }) => {
    // Some names of the environment are put together.
    const words = codes.filter((code) => /^(?!HEDGE_)[A-Z]+(_[A-Z]+)+$/.test(code));
    const known = ['src', 'sample', 'test'].flatMap(sourcesIn).join('\n');
    expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(known))).toEqual([]);
  });
});

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}

function apiOf(entry: string): string {
  return readFileSync(`test/package/api/${entry}.d.ts.txt`, 'utf8');
}
