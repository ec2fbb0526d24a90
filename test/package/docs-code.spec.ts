import { appendFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blocksIn, blocksOf, PAGES, textOf } from '../support/documents.js';
import { DocumentedCode, diagnosticsOf } from './documented-code.js';

/** Each has a spec here: ts is compiled, sh run by whoever claims it, data parsed and run. */
const CHECKED = ['ts', 'sh', 'json', 'yaml', 'sql'];

describe('the code of the docs', () => {
  it('compiles against the package', () => {
    const code = new DocumentedCode('compiled');
    const files = PAGES.flatMap((page) => code.filesOf(page));
    expect(files.length).toBeGreaterThan(10);
    expect(diagnosticsOf(files)).toEqual([]);

    appendFileSync(files[1], "\nawait app.listen('x').nothing;");
    expect(diagnosticsOf(files)).toHaveLength(1);
  });

  it.each(PAGES)('is of a kind that is checked: %s', (page) => {
    const unchecked = blocksOf(page).filter(({ language }) => !CHECKED.includes(language));
    expect(unchecked.map(({ line, language }) => `${page}:${line} ${language}`)).toEqual([]);
    // Or one would be there that nobody found.
    const fences = textOf(page).match(/^ *(```|~~~)/gm) ?? [];
    expect(fences).toHaveLength(2 * blocksOf(page).length);
  });

  it('is found in lists, too', () => {
    const text = 'a\n\n```\nb\n```\n\n1. c\n   ```sh\n   d\n     e\n   ```\n';
    expect(blocksIn('page', text)).toEqual([
      { page: 'page', language: '', code: 'b\n', line: 4 },
      { page: 'page', language: 'sh', code: 'd\n  e\n', line: 9 },
    ]);
  });
});
