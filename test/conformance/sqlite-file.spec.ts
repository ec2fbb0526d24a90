import Database from 'libsql';
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HedgeStore, StoreCall } from '../../src/store/index.js';
import { makeReadingStore, makeSchemaStore } from '../../src/database/index.js';
import { sqliteSchema, sqliteStore } from '../../src/store/sqlite/index.js';
import {
  INVALID_FILE,
  INVALID_TABLE_NAME,
  CANNOT_OPEN,
  SAME_TABLE_TWICE,
  FILE_REPLACED,
  NOT_A_DATABASE,
  NO_FILE,
  NOT_UTF8,
  OPEN_TIMED_OUT,
  READ_ONLY,
  WRONG_TABLES,
} from '../../src/store/sqlite/sqlite.messages.js';
import { freshFile, removeFile } from '../support/stores/database.file.js';

const CALL: StoreCall = { timeout: 10_000 };

describe('SQLite', () => {
  let file: string;
  let stores: HedgeStore[];

  beforeEach(async () => {
    file = await freshFile();
    stores = [];
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(stores.map((store) => store.close()));
    await removeFile(file);
  });

  function made(path = file, options = {}): HedgeStore {
    const store = sqliteStore(path, options);
    stores.push(store);
    return store;
  }

  async function opened(path = file, options = {}): Promise<HedgeStore> {
    const store = made(path, options);
    await store.open(CALL);
    return store;
  }

  /** Does to the file what another program would. */
  function run(sql: string, ...parameters: string[]): void {
    const database = new Database(file, { timeout: 5_000 });
    database.prepare(sql).run(parameters);
    database.close();
  }

  describe('options', () => {
    it.each(['', 'a\0b'])('refuse the file %j', (bad) => {
      expect(() => sqliteStore(bad)).toThrow(INVALID_FILE(bad));
    });

    it.each(['', 'a b', 'a"b', '1a', 'a;drop', 'sqlite_x', 'hedge_clock', 'é'])(
      'refuse the table name %j',
      (bad) => {
        expect(() => sqliteStore(file, { lockTable: bad })).toThrow(
          INVALID_TABLE_NAME('lockTable', bad),
        );
        expect(() => sqliteSchema({ logTable: bad })).toThrow(INVALID_TABLE_NAME('logTable', bad));
      },
    );

    it('refuse one name for both tables', () => {
      expect(() => sqliteStore(file, { lockTable: 'Same', logTable: 'same' })).toThrow(
        SAME_TABLE_TWICE('Same'),
      );
    });
  });

  describe('identity', () => {
    it('is the same for all that share the file and its tables', async () => {
      const { identity } = await opened();
      const link = `${file}-link`;
      await symlink(file, link);
      expect(identity).not.toBe('');
      expect((await opened()).identity).toBe(identity);
      expect((await opened(link)).identity).toBe(identity);
      expect((await opened(file, { lockTable: 'LOCKTABLE' })).identity).toBe(identity);
    });

    it('is another one for other files, tables and memories', async () => {
      const others = [
        await opened(),
        await opened(`${file}-other`),
        await opened(file, { logTable: 'another' }),
        await opened(':memory:'),
        await opened(':memory:'),
      ];
      expect(new Set(others.map(({ identity }) => identity))).toHaveLength(others.length);
    });
  });

  describe('open', () => {
    it('makes the tables by their names, whatever SQL thinks of them', async () => {
      const store = await opened(file, { lockTable: 'group', logTable: 'order' });
      await store.commit([lock('a'), entry('1')], CALL);
      expect(await store.rows({ names: ['a'] }, CALL)).toHaveLength(1);
      expect(await store.entries({ key: 'k', order: 'newest' }, CALL)).toHaveLength(1);
    });

    it('refuses what is no database', async () => {
      await writeFile(file, 'Dear diary, '.repeat(1_000));
      await expect(made().open(CALL)).rejects.toMatchObject({
        failure: 'invalid',
        message: NOT_A_DATABASE(file),
      });
    });

    it('refuses a directory that is not there, and can be tried again once it is', async () => {
      const path = join(dirname(file), 'missing', 'hedge.db');
      const store = made(path);
      const refusal = { failure: 'invalid', message: CANNOT_OPEN(path) };
      await expect(store.open(CALL)).rejects.toMatchObject(refusal);
      await expect(store.commit([lock('a')], CALL)).rejects.toMatchObject({
        failure: 'unavailable',
      });

      await mkdir(dirname(path));
      await store.open(CALL);
      await store.commit([lock('a')], CALL);
    });

    it('refuses a directory in place of the file', async () => {
      await expect(made(dirname(file)).open(CALL)).rejects.toMatchObject({ failure: 'invalid' });
    });

    it('refuses tables of another make', async () => {
      run('CREATE TABLE locktable (id INTEGER)');
      await expect(made().open(CALL)).rejects.toMatchObject({
        failure: 'invalid',
        message: WRONG_TABLES(file, sqliteSchema()),
      });
    });

    it('refuses a file whose text sorts in another order', async () => {
      const database = new Database(file);
      database.exec(`PRAGMA encoding = 'UTF-16le'; CREATE TABLE mine (id INTEGER)`);
      database.close();
      await expect(made().open(CALL)).rejects.toMatchObject({
        failure: 'invalid',
        message: NOT_UTF8(file, 'UTF-16le'),
      });
    });

    it('waits for another process to let go of the file, for as long as it may', async () => {
      const other = new Database(file);
      other.exec('CREATE TABLE mine (id INTEGER); BEGIN EXCLUSIVE');

      await expect(made().open({ timeout: 200 })).rejects.toMatchObject({
        failure: 'unavailable',
        message: OPEN_TIMED_OUT(file, 200),
      });

      const opening = opened();
      await new Promise((resolve) => setTimeout(resolve, 100));
      other.exec('COMMIT');
      other.close();
      await (await opening).commit([lock('a')], CALL);
    });

    it('gives every store in memory a database of its own', async () => {
      const [one, other] = [await opened(':memory:'), await opened(':memory:')];
      await one.commit([lock('a')], CALL);
      expect(await other.rows({ names: ['a'] }, CALL)).toEqual([]);
    });
  });

  describe('heartbeats', () => {
    it.each([
      ['of a former boot', () => `5e0a4d6e-0000-4000-8000-000000000000/1`],
      ['from the future', (id: string) => `${id}/${process.hrtime.bigint() + 60_000_000_000n}`],
      ['that are none', () => 'yesterday'],
      ['that are empty', () => ''],
      ['without a number', (id: string) => `${id}/soon`],
    ])('%s are infinitely old', async (_, heartbeat) => {
      const store = await opened();
      run(
        `INSERT INTO locktable (name, heartbeat) VALUES ('a', ?)`,
        heartbeat(await bootOf(store, file)),
      );
      expect(await store.rows({ names: ['a'] }, CALL)).toMatchObject([{ age: Infinity }]);
    });

    it('of this boot have the age of the monotonic clock', async () => {
      const store = await opened();
      const then = process.hrtime.bigint() - 90_000_000_000n;
      run(
        `INSERT INTO locktable (name, heartbeat) VALUES ('a', ?)`,
        `${await bootOf(store, file)}/${then}`,
      );
      const [row] = await store.rows({ names: ['a'] }, CALL);
      expect(row?.age).toBeGreaterThanOrEqual(90_000);
      expect(row?.age).toBeLessThan(95_000);
    });

    it('do not age when the wall clock is set', async () => {
      const store = await opened();
      await store.commit([{ ...lock('a'), heartbeat: 'now' }], CALL);
      const now = Date.now();
      for (const moved of [now + 3_600_000, now - 3_600_000]) {
        vi.spyOn(Date, 'now').mockReturnValue(moved);
        const [row] = await store.rows({ names: ['a'] }, CALL);
        expect(row?.age).toBeGreaterThanOrEqual(0);
        expect(row?.age).toBeLessThan(5_000);
      }
    });
  });

  describe('timestamps', () => {
    it('rise over a restart and a wall clock that goes back', async () => {
      const clock = vi.spyOn(Date, 'now');
      const year2040 = Date.UTC(2040, 0);
      clock.mockReturnValue(year2040);
      const before = await opened();
      const first = await before.commit([lock('a')], CALL);
      expect(first).toBe(BigInt(year2040) * 1_000_000n);
      await before.close();

      clock.mockReturnValue(Date.UTC(2020, 0));
      const after = await opened();
      expect(await after.commit([lock('b')], CALL)).toBe(first + 1n);
      const peer = await opened();
      expect(await peer.commit([lock('c')], CALL)).toBe(first + 2n);
      expect(await after.commit([lock('d')], CALL)).toBe(first + 3n);

      clock.mockReturnValue(year2040 + 1);
      expect(await after.commit([lock('e')], CALL)).toBe(first + 1_000_000n);
    });

    it('are not used up by what was not written', async () => {
      const store = await opened();
      vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2040, 0));
      const first = await store.commit([lock('a')], CALL);
      await expect(store.commit([lock('a')], CALL)).rejects.toMatchObject({
        failure: 'row-exists',
      });
      expect(await store.commit([lock('b')], CALL)).toBe(first + 1n);
    });

    it('rise through all groups that share a file', async () => {
      vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2040, 0));
      const one = await opened(file, { lockTable: 'one', logTable: 'log1' });
      const other = await opened(file, { lockTable: 'other', logTable: 'log2' });
      const first = await one.commit([lock('a')], CALL);
      expect(await other.commit([lock('a')], CALL)).toBe(first + 1n);
    });

    it('beyond what SQLite holds are a bound like any other', async () => {
      const store = await opened();
      await store.commit([entry('1')], CALL);
      const query = { key: 'k', order: 'newest' } as const;
      expect(
        await store.entries({ ...query, before: 10n ** 30n, after: -(10n ** 30n) }, CALL),
      ).toHaveLength(1);
      expect(await store.entries({ ...query, after: 10n ** 30n }, CALL)).toEqual([]);
    });
  });

  it('stores text whole, a NUL in it included, for others to read', async () => {
    const store = await opened();
    await store.commit([{ ...entry('1'), value: 'a\u0000b' }], CALL);

    const database = new Database(file);
    const stored = database.prepare(
      'SELECT typeof(value) AS type, hex(value) AS hex FROM logtable',
    );
    expect(stored.all()).toMatchObject([{ type: 'text', hex: '610062' }]);
    database.close();
  });

  it('finds the newest entries without sorting', async () => {
    await opened();
    const database = new Database(file);
    for (const order of ['DESC', 'ASC']) {
      const plan = database
        .prepare(
          `EXPLAIN QUERY PLAN SELECT value FROM logtable WHERE key = 'k' AND timestamp > 1 AND timestamp < 9
            ORDER BY timestamp ${order}, id ${order} LIMIT 1`,
        )
        .all();
      expect(JSON.stringify(plan)).toContain('logtable_by_key');
      expect(JSON.stringify(plan)).not.toContain('TEMP B-TREE');
    }
    database.close();
  });

  it('has all it wrote in the file itself once it is closed', async () => {
    const store = await opened();
    await store.commit([lock('a'), entry('1')], CALL);
    await store.close();

    const copy = join(dirname(file), 'copy.db');
    await copyFile(file, copy);
    const reader = await opened(copy);
    expect(await reader.rows({ names: ['a'] }, CALL)).toHaveLength(1);
    expect(await reader.entries({ key: 'k', order: 'newest' }, CALL)).toHaveLength(1);
  });

  it('reads what members write, and refuses to write, for those who only look', async () => {
    const member = await opened();
    const reader = await makeReadingStore({ kind: 'sqlite', file }, {});
    stores.push(reader);
    await reader.open(CALL);
    for (const name of ['a', 'b']) {
      await member.commit([lock(name)], CALL);
      expect(await reader.rows({ names: [name] }, CALL)).toHaveLength(1);
    }
    const refusal = { failure: 'invalid', message: READ_ONLY(file) };
    await expect(reader.commit([lock('c')], CALL)).rejects.toMatchObject(refusal);
    await expect(
      reader.transact({}, () => ({ result: 1, mutations: [lock('c')] }), CALL),
    ).rejects.toMatchObject(refusal);
  });

  it('makes no file for those who are no members, whatever stands in its path', async () => {
    const odd = join(dirname(file), 'what?mode=rwc&cache=shared#%41.db');
    for (const make of [makeReadingStore, makeSchemaStore]) {
      const store = await make({ kind: 'sqlite', file: odd }, {});
      stores.push(store);
      const refusal = { failure: 'invalid', message: NO_FILE(odd) };
      await expect(store.open(CALL)).rejects.toMatchObject(refusal);
    }
    await (await opened(odd)).commit([lock('a')], CALL);
    const reader = await makeReadingStore({ kind: 'sqlite', file: odd }, {});
    stores.push(reader);
    await reader.open(CALL);
    expect(await reader.rows({ names: ['a'] }, CALL)).toHaveLength(1);
  });

  it.each(['deleted', 'replaced'])('stops writing to a file that was %s', async (how) => {
    const store = await opened();
    await store.commit([lock('a')], CALL);
    for (const path of [file, `${file}-wal`, `${file}-shm`]) await rm(path, { force: true });
    if (how === 'replaced') await opened();

    const refusal = { failure: 'invalid', message: FILE_REPLACED(file) };
    await expect(store.commit([lock('b')], CALL)).rejects.toMatchObject(refusal);
    await expect(
      store.transact({}, () => ({ result: 1, mutations: [lock('b')] }), CALL),
    ).rejects.toMatchObject(refusal);
  });

  it('survives being closed by a decision, and leaves the file free', async () => {
    const store = await opened();
    await expect(
      store.transact(
        { names: ['a'] },
        () => {
          void store.close();
          return { result: 1, mutations: [lock('a')] };
        },
        CALL,
      ),
    ).rejects.toMatchObject({ failure: 'unavailable' });

    const next = await opened();
    await next.commit([lock('b')], CALL);
    expect(await next.rows({ names: ['a', 'b'] }, CALL)).toMatchObject([{ name: 'b' }]);
  });

  it('never keeps timers and sockets waiting for a caller that always has one more', async () => {
    const store = await opened(':memory:');
    const fired = AbortSignal.timeout(5);
    let calls = 0;
    while (!fired.aborted && calls < 1_000_000) {
      await store.rows({ names: ['a'] }, CALL);
      calls++;
    }
    expect(fired.aborted).toBe(true);
  });
});

function lock(name: string) {
  return { table: 'lock', op: 'insert', name } as const;
}

function entry(id: string) {
  return { table: 'log', op: 'insert', key: 'k', id, value: 'value', leader: 'leader' } as const;
}

/** The boot that the store's heartbeats name. */
async function bootOf(store: HedgeStore, file: string): Promise<string> {
  await store.commit([{ ...lock('now'), heartbeat: 'now' }], CALL);
  const database = new Database(file);
  const heartbeats = database.prepare('SELECT heartbeat FROM locktable').pluck().all();
  database.close();
  return String(heartbeats[0]).split('/')[0] ?? '';
}
