import { appendFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MarkdownPage } from '../support/docs/markdown.page.js';
import { PAGES } from '../support/docs/published.pages.js';
import { DocumentedCode, diagnosticsOf, checkNames } from './documented.code.js';

/** Each has a spec here: ts is compiled, sh is run or looked up, data parsed and run, diagrams compared. */
const CHECKED = ['ts', 'sh', 'json', 'yaml', 'sql', 'mermaid'];

describe('the code of the docs', () => {
  it('compiles against the package', () => {
    const code = new DocumentedCode('compiled');
    const files = PAGES.flatMap((page) => code.filesOf(page));
    expect(files.length).toBeGreaterThan(10);
    expect(diagnosticsOf(files)).toEqual([]);
    const blocks = PAGES.flatMap((page) => page.blocksIn('ts'));
    expect(blocks.filter((block) => block.code.includes('@ts-'))).toEqual([]);

    appendFileSync(files[1], "\nawait app.listen('x').nothing;");
    expect(diagnosticsOf([files[1]])).toHaveLength(1);
  });

  it.each(PAGES)('is of a kind that is checked: $path', (page) => {
    expect(uncheckedIn(page)).toEqual([]);
  });

  it('is found in lists, too', () => {
    const text = 'a\n\n```\nb\n```\n\n1. c\n   ```sh\n   d\n     e\n   ```\n';
    expect(MarkdownPage.of(text).blocks).toEqual([
      { page: 'page.md', language: '', code: 'b\n', line: 4 },
      { page: 'page.md', language: 'sh', code: 'd\n  e\n', line: 9 },
    ]);
  });

  it.each([
    '````ts\na\n````',
    '```ts title\na\n```',
    '~~~ts\na\n~~~',
    '> ```ts\n> a\n> ```',
    '-\t```ts\n\ta\n\t```',
  ])('is found however it is fenced: %j', (text) => {
    expect(
      MarkdownPage.of(text)
        .blocksIn('ts')
        .map(({ code }) => code),
    ).toEqual(['a\n']);
  });

  it.each(['```js\na\n```', 'a:\n\n    b', '<pre>\na\n</pre>', 'a <code>b</code>'])(
    'is not written so that nothing checks it: %j',
    (text) => {
      expect(uncheckedIn(MarkdownPage.of(text))).not.toEqual([]);
    },
  );

  it('has no two blocks of a page for one file', () => {
    const block = { page: 'page', language: 'ts', code: '// a.ts\n' };
    expect(() => checkNames([1, 2].map((line) => ({ ...block, line })))).toThrow('a.ts');
  });
});

/** Code of a language that nothing checks, indented code, and HTML. */
function uncheckedIn(page: MarkdownPage): string[] {
  const blocks = page.blocks.filter(({ language }) => !CHECKED.includes(language));
  return [...blocks.map(({ line, language }) => `${page.path}:${line} ${language}`), ...page.html];
}
