import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { spannerSchema } from '../../src/store/spanner/index.js';
import { pageAt, PAGES } from '../support/docs/published.pages.js';
import { isManifest, parsedYaml, schemaFaults } from '../support/deployment/manifests.js';

const blocks = (language: string) => PAGES.flatMap((page) => page.blocksIn(language));

describe('the data of the docs', () => {
  it.each(blocks('yaml'))('is YAML: $page:$line', ({ code }) => {
    expect(() => parsedYaml(code)).not.toThrow();
  });

  it('is not YAML that says a thing twice', () => {
    expect(() => parsedYaml('a: 1\na: 2\n')).toThrow('unique');
    expect(() => parsedYaml('a: [\n')).toThrow();
  });

  it('has manifests that fit the schemas of Kubernetes', () => {
    const manifests = blocks('yaml').flatMap(({ code }) => parsedYaml(code).filter(isManifest));
    expect(manifests).not.toEqual([]);
    expect(schemaFaults([manifests])).toEqual([[]]);
  });

  it.each(blocks('json'))('is JSON: $page:$line', ({ code }) => {
    expect(() => JSON.parse(code)).not.toThrow();
  });

  // That page has nothing but Spanner's own: below.
  const statements = blocks('sql').filter(({ page }) => page !== 'docs/store.md');
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
  expect(
    pageAt('docs/store.md')
      .blocksIn('sql')
      .map(({ code }) => code),
  ).toEqual([schema.join('')]);
});

it('docs/guarantees.md has a statement that refuses an older token', () => {
  const [{ code }] = pageAt('docs/guarantees.md').blocksIn('sql');
  const [create, write] = code.split(/;$/m);
  const database = new Database(':memory:');
  database.exec(create);
  const changed = (amount: number, token: bigint) =>
    database.prepare(write).run({ account: 'mine', amount, token }).changes;
  expect([changed(5, 2n), changed(6, 2n), changed(7, 1n), changed(8, 3n)]).toEqual([1, 1, 0, 1]);
  expect(database.prepare('SELECT amount FROM balance').get()).toMatchObject({ amount: 8 });
  database.close();
});
