import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../simulation/mutants.js';
import { INVARIANTS } from '../simulation/invariants/violation.js';
import { MarkdownPage } from '../support/docs/markdown.page.js';
import { pageAt, PAGES } from '../support/docs/published.pages.js';
import { filesOf, missingFrom, pathsIn, rulesCitedIn, rulesIn, symbolsIn } from './design.pages.js';

const protocol = pageAt('docs/design/protocol.md');
const rules = rulesIn(protocol);
const files = filesOf(['src', 'test', 'docs', 'sample']);
const sources = files
  .filter((file) => /^(src|test)\/.*\.ts$/.test(file) && !isThis(file))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

describe('the rules of the protocol', () => {
  it('have names, and each a name of its own', () => {
    expect(rules.length).toBeGreaterThan(50);
    expect(rules.filter((rule) => rulesCitedIn(rule)[0] !== rule)).toEqual([]);
    expect(rules.filter((rule, at) => rules.indexOf(rule) !== at)).toEqual([]);
  });

  it('are there, where sources, tests and pages cite them', () => {
    const pages = PAGES.map(({ path }) => ({ file: path, text: readFileSync(path, 'utf8') }));
    const unknown = [...sources, ...pages].flatMap(({ file, text }) =>
      unknownIn(text).map((rule) => `${file} cites ${rule}`),
    );
    expect(unknown).toEqual([]);
    expect(unknownIn('// Taken before it leaves (DEADLINE-FROM-SEND, TWO-CLOKS).')).toEqual([
      'TWO-CLOKS',
    ]);
    expect(rulesCitedIn('ECDHE-PSK-CHACHA20-POLY1305, UTF-8, x-UP-TO and A_B')).toEqual([]);
  });

  it.each(MUTANTS)('are broken by the mutant that they name: $name', ({ name, rule }) => {
    expect(rules).toContain(rule);
    expect(inOneLine(protocol.section(rule))).toContain(name);
  });

  it('end where the next one begins', () => {
    const page = MarkdownPage.of('\n### A-B\n\nc\n_d_\n\n### E-F\n\ng\n\n## H\n\ni\n');
    expect(inOneLine(page.section('A-B'))).toBe('c d');
    expect(inOneLine(page.section('E-F'))).toBe('g');
    expect(() => page.section('J-K')).toThrow('J-K');
  });
});

it('the invariants that violations name are those of their page', () => {
  const headings = pageAt('docs/design/invariants.md').headingsAt(2);
  expect(headings.map((heading) => heading.split('. ')[0])).toEqual(
    headings.map((_, at) => `${at + 1}`),
  );
  const named = Object.entries(INVARIANTS).map(([number, name]) => `${number}. ${name}`);
  const known = headings.map((heading) => heading.toLowerCase());
  expect(named.filter((name) => !known.includes(name.toLowerCase()))).toEqual([]);
});

describe('the pages of the design', () => {
  const pages = PAGES.filter(
    ({ path }) => path.startsWith('docs/design/') || path === 'CONTRIBUTING.md',
  );

  it.each(pages)('name files that are there: $path', ({ path }) => {
    expect(missingFrom(files, pathsIn(readFileSync(path, 'utf8')))).toEqual([]);
  });

  it.each(pages)('name symbols that are there: $path', ({ codes }) => {
    const known = new Set(sources.flatMap(({ text }) => text.match(/\w+/g) ?? []));
    expect(symbolsIn(codes).filter((name) => !known.has(name))).toEqual([]);
    expect(symbolsIn(['#a', 'b()', '@C(d)', 'e f', 'src/g.ts', 'h: 1'])).toEqual(['a', 'b', 'C']);
  });

  it('would be missed if they named others', () => {
    const page =
      'See `src/lock`, src/lokc/, `lock/term.ts`, [it](../../src/index.ts), *.x.ts and `trem.ts`.';
    expect(pathsIn(page)).toHaveLength(5);
    expect(missingFrom(files, pathsIn(page))).toEqual(['src/lokc', 'trem.ts']);
  });
});

function inOneLine({ text }: MarkdownPage): string {
  return text.replaceAll(/\s+/g, ' ');
}

function unknownIn(text: string): string[] {
  return rulesCitedIn(text).filter((rule) => !rules.includes(rule));
}

/** It cites rules that are none. */
function isThis(file: string): boolean {
  return file === 'test/docs/rules.spec.ts';
}
