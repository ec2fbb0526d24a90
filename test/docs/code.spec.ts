import { appendFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blocksIn, blocksOf, hiddenCodeIn, PAGES, textOf } from '../support/documents.js';
import { DocumentedCode, diagnosticsOf, checkNames } from './documented-code.js';

/** Each has a spec here: ts is compiled, sh run by whoever claims it, data parsed and run, diagrams compared. */
const CHECKED = ['ts', 'sh', 'json', 'yaml', 'sql', 'mermaid'];

describe('the code of the docs', () => {
  it('compiles against the package', () => {
    const code = new DocumentedCode('compiled');
    const files = PAGES.flatMap((page) => code.filesOf(page));
    expect(files.length).toBeGreaterThan(10);
    expect(diagnosticsOf(files)).toEqual([]);
    const blocks = PAGES.flatMap((page) => blocksOf(page, 'ts'));
    expect(blocks.filter((block) => block.code.includes('@ts-'))).toEqual([]);

    appendFileSync(files[1], "\nawait app.listen('x').nothing;");
    expect(diagnosticsOf([files[1]])).toHaveLength(1);
  });

  it.each(PAGES)('is of a kind that is checked: %s', (page) => {
    const unchecked = blocksOf(page).filter(({ language }) => !CHECKED.includes(language));
    expect(unchecked.map(({ line, language }) => `${page}:${line} ${language}`)).toEqual([]);
    expect(hiddenCodeIn(textOf(page))).toEqual([]);
  });

  it('is found in lists, too', () => {
    const text = 'a\n\n```\nb\n```\n\n1. c\n   ```sh\n   d\n     e\n   ```\n';
    expect(blocksIn('page', text)).toEqual([
      { page: 'page', language: '', code: 'b\n', line: 4 },
      { page: 'page', language: 'sh', code: 'd\n  e\n', line: 9 },
    ]);
  });

  it.each([
    '````ts\na\n````',
    '```ts title\na\n```',
    '~~~ts\na\n~~~',
    '> ```ts\n> a\n> ```',
    '-\t```ts\n\ta\n\t```',
    'a:\n\n    b',
    '<pre>\na\n</pre>',
  ])('is not written so that nobody finds it: %j', (text) => {
    expect(hiddenCodeIn(text)).not.toEqual([]);
    expect(hiddenCodeIn('a\n\n- b\n\n  ```ts\n      c\n  ```\n')).toEqual([]);
  });

  it('has no two blocks of a page for one file', () => {
    const block = { page: 'page', language: 'ts', code: '// a.ts\n' };
    expect(() => checkNames([1, 2].map((line) => ({ ...block, line })))).toThrow('a.ts');
  });
});
