import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MarkdownPage } from '../support/docs/markdown.page.js';

const samples = readdirSync('sample', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `sample/${name}`);

describe('the samples', () => {
  it('are there', () => expect(samples.length).toBeGreaterThan(1));

  it.each(samples)('%s builds against the package', (sample) => {
    expect(compilerSays(sample)).toBe('');
    expect(existsSync(`${sample}/README.md`)).toBe(true);
  });
});

describe('the app that is there already', () => {
  const sample = 'sample/03-existing-app';
  const sources = readdirSync(sample).filter((file) => /^(?!.*\.spec).*\.ts$/.test(file));
  const marked = sources.flatMap((file) =>
    linesOf(`${sample}/${file}`).flatMap((line) => (line.includes('// hedge') ? [file] : [])),
  );

  it('is changed in as many lines as its README says, and where', () => {
    const text = readFileSync(`${sample}/README.md`, 'utf8');
    expect(text).toContain('Eight lines change that; each ends in `// hedge`');
    expect(marked).toHaveLength(8);
    const [{ rows }] = MarkdownPage.read(`${sample}/README.md`).tables;
    const listed = rows.map(([file]) => file.text);
    expect(listed.toSorted()).toEqual([...new Set(marked)].toSorted());
  });

  it('is an ordinary app without them', () => {
    const before = 'build/before-hedge';
    rmSync(before, { recursive: true, force: true });
    mkdirSync(before, { recursive: true });
    for (const file of sources) {
      const lines = linesOf(`${sample}/${file}`);
      writeFileSync(`${before}/${file}`, lines.flatMap(withoutHedge).join('\n'));
    }
    const config = {
      extends: '../../tsconfig.json',
      compilerOptions: { paths: {} },
      include: ['.'],
      exclude: [],
    };
    writeFileSync(`${before}/tsconfig.json`, JSON.stringify(config));

    expect(compilerSays(before)).toBe('');
    expect(sources.map((file) => linesOf(`${before}/${file}`).join('\n')).join()).not.toMatch(
      /hedge/i,
    );
  });
});

/** What is wrong with a project, in the compiler's words. */
function compilerSays(project: string): string {
  const tsc = ['node_modules/typescript/bin/tsc', '--noEmit', '-p', project];
  return spawnSync(process.execPath, tsc, { encoding: 'utf8' }).stdout;
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n');
}

/** A line of the app, as it was before. */
function withoutHedge(line: string): string[] {
  if (!line.includes('// hedge')) return [line];
  const [, was] = line.split('// hedge, was: ');
  return was ? [was] : [];
}
