import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/hedge.options.js';
import { spannerTables } from '../../src/store/spanner/spanner.options.js';
import { PAGES, textOf } from '../support/documents.js';

it('README.md keeps to two screens', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(120);
});

describe('the tables of the docs', () => {
  it('list every option, and none that is not', () => {
    const [, options] =
      /interface HedgeModuleOptions \{(.*?)\n\}/s.exec(apiOf('nestjs-hedge')) ?? [];
    const names = [...(options ?? '').matchAll(/^ +(\w+)\?:/gm)].map(([, name]) => name);
    expect(names).toContain('database');
    const listed = firstCells('docs/options.md').flatMap((cell) => cell.match(/\w+/g) ?? []);
    // It belongs to the module, not to the member.
    expect(listed.toSorted()).toEqual([...names, 'isGlobal'].toSorted());
  });

  it('give the defaults that options have', () => {
    const elsewhere = { ...spannerTables(), createTables: false, isGlobal: true };
    const defaults: Record<string, unknown> = { ...elsewhere, ...resolveOptions({}, {}) };
    const given = rowsOf('docs/options.md').flatMap(([cell, text]) => {
      const values = text.replaceAll(/(?<=\d),(?=\d)| ms$|`/g, '').split(', ');
      const names = cell.match(/\w+/g) ?? [];
      return names.map((name, at) => [name, values[at].replaceAll("'", '"')]);
    });
    // What is told in words is not compared.
    const literals = given.filter(([, value]) => /^("\w+"|\d+|true|false|\{\})$/.test(value));
    expect(literals).toHaveLength(9);
    expect(literals).toEqual(literals.map(([name]) => [name, JSON.stringify(defaults[name])]));
  });

  it('list every error with its status, and none that is not', () => {
    const codes = readFileSync('src/errors/hedge-error.codes.ts', 'utf8').matchAll(
      /^ +(\w+): (\d+),/gm,
    );
    const expected = [...codes].map(([, code, status]) => `${code} ${status}`);
    expect(expected.length).toBeGreaterThan(10);
    const listed = rowsOf('docs/errors.md').flatMap(([cell, status]) =>
      (cell.match(/\w+/g) ?? []).map((code) => `${code} ${status}`),
    );
    expect(listed.toSorted()).toEqual(expected.toSorted());
  });

  it('list every metric and attribute, and none that is not', () => {
    const expected = named(sourcesIn('src/opentelemetry').join('\n'), "'");
    expect(expected.length).toBeGreaterThan(10);
    const listed = named(textOf('docs/telemetry.md'), '`');
    expect(new Set(listed)).toEqual(new Set(expected));
  });

  it.each(PAGES)('speak of no constant that is nowhere: %s', (page) => {
    // Some names of the environment are put together.
    const words = textOf(page).match(/(?<=`)(?!HEDGE_)[A-Z]+(_[A-Z]+)+(?=`)/g) ?? [];
    const known = ['src', 'sample', 'test'].flatMap(sourcesIn).join('\n');
    expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(known))).toEqual([]);
  });
});

function named(text: string, quote: string): string[] {
  const names = text.matchAll(new RegExp(`${quote}(hedge\\.[a-z.]+)${quote}`, 'g'));
  return [...names].map(([, name]) => name);
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}

function firstCells(page: string): string[] {
  return rowsOf(page).map(([cell]) => cell);
}

/** Of the tables of a page, those that begin with code. */
function rowsOf(page: string): string[][] {
  const rows = textOf(page).match(/^\| `.*$/gm) ?? [];
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function apiOf(entry: string): string {
  return readFileSync(`test/package/api/${entry}.d.ts.txt`, 'utf8');
}
