import { createRequire } from 'node:module';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { spannerSchema } from '../../src/store/spanner/index.js';
import { blocksOf, PAGES } from '../support/documents.js';

const require = createRequire(import.meta.url);
const blocks = (language: string) => PAGES.flatMap((page) => blocksOf(page, language));

/** What Kubernetes' own schemas are made of, a class a kind. */
type Model = new (manifest: unknown) => { validate(): void };

describe('the data of the docs', () => {
  it.each(blocks('yaml'))('is YAML: $page:$line', ({ code }) => {
    for (const document of documentsIn(code)) expectManifest(document);
  });

  it('is not YAML that says a thing twice, nor a manifest of nothing that there is', () => {
    expect(() => documentsIn('a: 1\na: 2\n')).toThrow('unique');
    expect(() => documentsIn('a: [\n')).toThrow();
    const spec = { podSelector: {} };
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec };
    expectManifest(policy);
    expect(() => expectManifest({ ...policy, spec: { ...spec, ingress: 'all' } })).toThrow('array');
    expect(() => expectManifest({ ...policy, kind: 'NetworkPolice' })).toThrow('Police');
  });

  it.each(blocks('json'))('is JSON: $page:$line', ({ code }) => {
    expect(() => JSON.parse(code)).not.toThrow();
  });

  const statements = blocks('sql').filter(({ code }) => !code.includes('STRING(MAX)'));
  it.each(statements)('is SQL that runs: $page:$line', ({ code }) => {
    const database = new Database(':memory:');
    try {
      for (const statement of code.split(/;\s*$/m).filter((text) => text.trim())) {
        const names = statement.match(/(?<=:)[a-z]\w*/g) ?? [];
        database.prepare(statement).run(Object.fromEntries(names.map((name) => [name, 1])));
      }
    } finally {
      database.close();
    }
  });
});

/** Spanner's own is that which the library makes, to the letter. */
it('docs/store.md shows the tables as they are', () => {
  const schema = spannerSchema().map((statement) => `${statement};\n`);
  expect(blocksOf('docs/store.md', 'sql').map(({ code }) => code)).toEqual([schema.join('')]);
});

it('docs/guarantees.md has a statement that refuses an older token', () => {
  const [{ code }] = blocksOf('docs/guarantees.md', 'sql');
  const [create, write] = code.split(/;$/m);
  const database = new Database(':memory:');
  database.exec(create);
  const changed = (amount: number, token: bigint) =>
    database.prepare(write).run({ account: 'mine', amount, token }).changes;
  expect([changed(5, 2n), changed(6, 2n), changed(7, 1n), changed(8, 3n)]).toEqual([1, 1, 0, 1]);
  expect(database.prepare('SELECT amount FROM balance').get()).toMatchObject({ amount: 8 });
  database.close();
});

function documentsIn(code: string): unknown[] {
  return parseAllDocuments(code, { strict: true, uniqueKeys: true }).map((document) => {
    for (const fault of [...document.errors, ...document.warnings]) throw fault;
    return document.toJS() as unknown;
  });
}

/** What says which kind of Kubernetes' it is has to be one. */
function expectManifest(document: unknown): void {
  const { apiVersion, kind } = document as { apiVersion?: string; kind?: string };
  if (!apiVersion || !kind) return;
  const models = require(`kubernetes-models/${apiVersion}/${kind}`) as Record<string, Model>;
  new models[kind](document).validate();
}
