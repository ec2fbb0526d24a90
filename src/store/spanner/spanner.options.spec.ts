import { describe, expect, it } from 'vitest';
import { spannerSchema, spannerStore } from './index.js';

const DATABASE = 'projects/p/instances/i/databases/d';
const invalidOptions = expect.objectContaining({ code: 'INVALID_OPTIONS' });

describe('spannerStore', () => {
  it.each([
    'd',
    'projects/p/instances/i',
    `${DATABASE}/x`,
    'projects//instances/i/databases/d',
    '',
  ])('refuses the database name %j', (name) => {
    expect(() => spannerStore(name)).toThrow(invalidOptions);
  });

  it.each(['', '1table', 'a-b', 'a`b', 'a b', 'schema.table', 'tablé'])(
    'refuses the table name %j',
    (name) => {
      expect(() => spannerStore(DATABASE, { lockTable: name })).toThrow(invalidOptions);
      expect(() => spannerStore(DATABASE, { logTable: name })).toThrow(invalidOptions);
      expect(() => spannerSchema({ lockTable: name })).toThrow(invalidOptions);
    },
  );

  it('refuses one table for both', () => {
    expect(() => spannerStore(DATABASE, { lockTable: 'Logtable' })).toThrow(invalidOptions);
  });

  it('refuses a text for createTables', () => {
    // @ts-expect-error what an environment variable would give
    expect(() => spannerStore(DATABASE, { createTables: 'false' })).toThrow(invalidOptions);
  });

  it('describes itself', () => {
    const { description } = spannerStore(DATABASE, { lockTable: 'locks' });
    expect(description).toBe(`Spanner ${DATABASE} (locks, logtable)`);
  });

  it('takes no call before it is open, and none after', async () => {
    const store = spannerStore(DATABASE);
    const unavailable = { failure: 'unavailable' };
    await expect(store.rows({}, { timeout: 1_000 })).rejects.toMatchObject(unavailable);
    await store.close();
    await store.close();
    await expect(store.open({ timeout: 1_000 })).rejects.toMatchObject(unavailable);
    await expect(store.rows({}, { timeout: 1_000 })).rejects.toMatchObject(unavailable);
  });
});

describe('spannerSchema', () => {
  it('is the DDL of both tables and the index, under the names given', () => {
    const ddl = spannerSchema({ lockTable: 'our_locks', logTable: 'our_log' });
    expect(ddl.map((statement) => statement.split(' (')[0])).toEqual([
      'CREATE TABLE IF NOT EXISTS our_locks',
      'CREATE TABLE IF NOT EXISTS our_log',
      'CREATE INDEX IF NOT EXISTS our_log_newest ON our_log',
    ]);
    expect(ddl[2]).toContain('(key, timestamp DESC, id DESC) STORING (value, leader)');
  });
});

describe('the identity of a store', () => {
  it('is its database and its tables', () => {
    expect(identity(DATABASE)).toBe(identity(DATABASE, { lockTable: 'LockTable' }));
    expect(identity(DATABASE)).not.toBe(identity(`${DATABASE}2`));
    expect(identity(DATABASE)).not.toBe(identity(DATABASE, { logTable: 'another' }));
  });
});

function identity(database: string, options = {}): string | undefined {
  return spannerStore(database, options).identity;
}
