import Database from 'libsql';
import type { ChildProcess } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HedgeStore, Mutation, StoredEntry } from '../../src/store/index.js';
import { sqliteStore } from '../../src/store/sqlite/index.js';
import { freshFile, removeFile } from '../support/stores/database.file.js';
import { ended, killed, startWorker } from './sqlite-processes.starter.js';

const CALL = { timeout: 10_000 };
/** ms: seconds, but for a machine whose disk others use as well */
const ALL_WRITES = 60_000;
const ENTRY: Mutation = {
  table: 'log',
  op: 'insert',
  key: 'log',
  id: 'before',
  value: '',
  leader: '',
};

describe('SQLite between processes', () => {
  let file: string;
  let store: HedgeStore;
  let children: ChildProcess[];

  beforeEach(async () => {
    file = await freshFile();
    store = sqliteStore(file);
    children = [];
  });

  afterEach(async () => {
    await Promise.all(children.map(killed));
    await store.close();
    await removeFile(file);
  });

  function start(...args: string[]) {
    const started = startWorker(args);
    children.push(started.child);
    return started;
  }

  async function counted(): Promise<number> {
    const [found] = await store.rows({ names: ['count'] }, CALL);
    return Number(found?.writer ?? 0);
  }

  function log(): Promise<StoredEntry[]> {
    return store.entries({ key: 'log', order: 'oldest' }, CALL);
  }

  /** The count and the log were written together: the n-th entry says n, and there are as many as counted. */
  async function expectWhole(): Promise<StoredEntry[]> {
    const found = await log();
    expect(found.map(({ value }) => Number(value))).toEqual(found.map((_, at) => at + 1));
    expect(await counted()).toBe(found.length);
    expect(new Set(found.map(({ timestamp }) => timestamp)).size).toBe(found.length);
    return found;
  }

  it('counts what several write, all of them starting on a file that is not there yet', async () => {
    const workers = ['a', 'b', 'c', 'd'].map((name) => start('count', file, name, '100'));

    expect(await Promise.all(workers.map(({ child }) => ended(child)))).toEqual([0, 0, 0, 0]);
    await store.open(CALL);
    expect(await expectWhole()).toHaveLength(400);
  });

  it('loses nothing acknowledged and keeps nothing torn when processes are killed', async () => {
    for (const round of ['1', '2', '3']) {
      const workers = ['a', 'b', 'c'].map((name) => start('count', file, name + round, '100000'));
      for (const { child, said } of workers) {
        // The others go on writing while this one dies, wherever it is.
        const enough = said.length + 40;
        await vi.waitFor(() => expect(said.length).toBeGreaterThan(enough), 10_000);
        await killed(child);
      }

      await store.open(CALL);
      const ids = new Set((await expectWhole()).map(({ id }) => id));
      expect(workers.flatMap(({ said }) => said).filter((id) => !ids.has(id))).toEqual([]);
    }

    const database = new Database(file);
    expect(database.prepare('PRAGMA integrity_check').all()).toMatchObject([
      { integrity_check: 'ok' },
    ]);
    database.close();
  });

  it(
    'reads one state of both tables while another process writes',
    async () => {
      await store.open(CALL);
      const writer = start('flip', file);
      const query = { entries: [{ key: 'log', id: 'flip' }], names: ['flip'] };
      const seen = new Set<string>();
      await vi.waitFor(async () => {
        for (let round = 0; round < 100; round++) {
          const { entries, names } = await store.outcome(query, CALL);
          seen.add(`${entries.length} entries, ${names.length} rows`);
        }
        expect(writer.said.length).toBeGreaterThan(2_000);
      }, ALL_WRITES);

      expect([...seen].toSorted()).toEqual(['0 entries, 0 rows', '1 entries, 1 rows']);
    },
    2 * ALL_WRITES,
  );

  it('says "aborted" soon while another process writes, and goes on when that one is killed', async () => {
    await store.open(CALL);
    await store.commit([ENTRY], CALL);
    const holder = start('hold', file);
    await vi.waitFor(() => expect(holder.said).toEqual(['holding']), 10_000);

    const asked = performance.now();
    await expect(
      store.commit([{ table: 'lock', op: 'insert', name: 'a' }], CALL),
    ).rejects.toMatchObject({ failure: 'aborted' });
    expect(performance.now() - asked).toBeLessThan(400);
    await expect(
      store.transact({ names: ['a'] }, () => ({ result: 1, mutations: [] }), CALL),
    ).rejects.toMatchObject({ failure: 'aborted' });

    // What the other has not committed is not seen, and reading does not wait for it.
    expect(await store.rows({ names: ['torn'] }, CALL)).toEqual([]);
    expect(await log()).toHaveLength(1);

    await killed(holder.child);
    await store.commit([{ table: 'lock', op: 'insert', name: 'a' }], CALL);
    expect(await store.rows({ names: ['torn', 'a'] }, CALL)).toMatchObject([{ name: 'a' }]);
    expect(await log()).toHaveLength(1);
  });

  it('lets the event loop run between calls that wait for another process', async () => {
    await store.open(CALL);
    await store.commit([ENTRY], CALL);
    const holder = start('hold', file);
    await vi.waitFor(() => expect(holder.said).toEqual(['holding']), 10_000);

    const answered = new AbortController();
    const watching = longestStall(answered.signal);
    const asked = performance.now();
    const calls = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) =>
        store.commit([{ table: 'lock', op: 'insert', name: String(at) }], CALL),
      ),
    );
    const took = performance.now() - asked;
    answered.abort();

    expect(calls.map(({ status }) => status)).toEqual(Array(8).fill('rejected'));
    expect(took).toBeGreaterThan(8 * 50);
    expect(await watching).toBeLessThan(took / 2);
  });

  it('drops calls whose timeout passed while others waited for another process', async () => {
    await store.open(CALL);
    await store.commit([ENTRY], CALL);
    const holder = start('hold', file);
    await vi.waitFor(() => expect(holder.said).toEqual(['holding']), 10_000);

    const calls = Array.from({ length: 8 }, (_, at) =>
      store.commit([{ table: 'lock', op: 'insert', name: String(at) }], { timeout: 150 }),
    );
    const outcomes = await Promise.allSettled(calls);
    await killed(holder.child);

    expect(outcomes[0]).toMatchObject({ reason: { failure: 'aborted' } });
    expect(outcomes.at(-1)).toMatchObject({ reason: { failure: 'unavailable' } });
    expect(await store.rows({ names: ['7'] }, CALL)).toEqual([]);
  });
});

/** ms that the event loop was held up at most, until the signal aborts */
async function longestStall(signal: AbortSignal): Promise<number> {
  let longest = 0;
  let last = performance.now();
  while (!signal.aborted) {
    await setImmediate();
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }
  return longest;
}
