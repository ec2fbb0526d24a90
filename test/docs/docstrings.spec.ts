import { appendFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pageAt } from '../support/docs/published.pages.js';
import { DocumentedCode, diagnosticsOf } from './documented.code.js';
import { asModule, examplesOfApi } from './docstring.examples.js';

/** What newcomers meet first: each shows how it is used. */
const SHOWN = [
  'HedgeHealthIndicator',
  'HedgeModule',
  'HedgeOpenTelemetryModule',
  'HedgeService',
  'HedgeTesting',
  'LeaderCron',
  'hedgeTesting',
  'spannerStore',
  'sqliteStore',
];

describe('the examples of docstrings', () => {
  const examples = examplesOfApi();

  it.each(SHOWN)('show how to use %s', (name) => {
    expect(examples.map(({ of }) => of)).toContain(name);
  });

  it('compile in an app', () => {
    const code = new DocumentedCode('docstrings');
    const [app] = pageAt('README.md').blocksIn('ts');
    const files = examples
      .filter(({ language }) => language !== 'sh')
      .map((example) => {
        code.fileOf({ ...app, page: example.page });
        return code.fileOf({ ...example, code: asModule(example) });
      });
    // They show classes and functions that their reader uses.
    const options = { noUnusedLocals: false };
    expect(diagnosticsOf(files, options)).toEqual([]);

    appendFileSync(files[0], '\nHedgeModule.nothing();');
    expect(diagnosticsOf([files[0]], options)).toHaveLength(1);
  });
});
