import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../simulation/mutants.js';
import { INVARIANTS } from '../simulation/violation.js';
import { PAGES, textOf } from '../support/documents.js';
import {
  filesOf,
  headingsOf,
  missingFrom,
  pathsIn,
  rulesCitedIn,
  rulesIn,
  sectionOf,
} from './design.pages.js';

const protocol = textOf('docs/design/protocol.md');
const rules = rulesIn(protocol);
const files = filesOf(['src', 'test', 'docs', 'sample']);

describe('the rules of the protocol', () => {
  it('have names, and each a name of its own', () => {
    expect(rules.length).toBeGreaterThan(50);
    expect(rules.filter((rule) => rulesCitedIn(rule)[0] !== rule)).toEqual([]);
    expect(rules.filter((rule, at) => rules.indexOf(rule) !== at)).toEqual([]);
  });

  it('are there, where sources, tests and pages cite them', () => {
    const sources = files.filter((file) => /^(src|test)\/.*\.ts$/.test(file) && !isThis(file));
    const unknown = [...sources, ...PAGES].flatMap((file) =>
      unknownIn(readFileSync(file, 'utf8')).map((rule) => `${file} cites ${rule}`),
    );
    expect(unknown).toEqual([]);
    expect(unknownIn('// Taken before it leaves (DEADLINE-FROM-SEND, TWO-CLOKS).')).toEqual([
      'TWO-CLOKS',
    ]);
    expect(rulesCitedIn('ECDHE-PSK-CHACHA20-POLY1305, UTF-8, x-UP-TO and A_B')).toEqual([]);
  });

  it.each(MUTANTS)('are broken by the mutant that they name: $name', ({ name, rule }) => {
    expect(rules).toContain(rule);
    expect(sectionOf(protocol, rule)).toContain(name);
  });

  it('end where the next one begins', () => {
    const page = '\n### A-B\n\nc\n_d_\n\n### E-F\n\ng\n\n## H\n\ni\n';
    expect(sectionOf(page, 'A-B')).toBe(' c _d_ ');
    expect(sectionOf(page, 'E-F')).toBe(' g ');
    expect(sectionOf(page, 'J-K')).toBe('');
  });
});

it('the invariants that violations name are those of their page', () => {
  const headings = headingsOf(textOf('docs/design/invariants.md'), 2);
  expect(headings.map((heading) => heading.split('. ')[0])).toEqual(
    headings.map((_, at) => `${at + 1}`),
  );
  const named = Object.entries(INVARIANTS).map(([number, name]) => `${number}. ${name}`);
  const known = headings.map((heading) => heading.toLowerCase());
  expect(named.filter((name) => !known.includes(name.toLowerCase()))).toEqual([]);
});

describe('the pages of the design', () => {
  const pages = PAGES.filter(
    (page) => page.startsWith('docs/design/') || page === 'CONTRIBUTING.md',
  );

  it.each(pages)('name files that are there: %s', (page) => {
    expect(missingFrom(files, pathsIn(textOf(page)))).toEqual([]);
  });

  it('would be missed if they named others', () => {
    const page =
      'See `src/lock`, src/lokc/, `lock/term.ts`, [it](../../src/index.ts), *.x.ts and `trem.ts`.';
    expect(pathsIn(page)).toHaveLength(5);
    expect(missingFrom(files, pathsIn(page))).toEqual(['src/lokc', 'trem.ts']);
  });
});

function unknownIn(text: string): string[] {
  return rulesCitedIn(text).filter((rule) => !rules.includes(rule));
}

/** It cites rules that are none. */
function isThis(file: string): boolean {
  return file === 'test/docs/rules.spec.ts';
}
