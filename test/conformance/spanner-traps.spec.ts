import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StoreError, type StoreFailure } from '../../src/errors/index.js';
import type { HedgeStore, Mutation, StoreCall } from '../../src/store/index.js';
import {
  spannerSchema,
  spannerStore,
  type SpannerStoreOptions,
} from '../../src/store/spanner/index.js';
import {
  createDatabase,
  databaseHandle,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../support/emulators/spanner.emulator.js';
import { startTcpProxy, type TcpProxy } from '../support/network/tcp.proxy.js';

const CALL: StoreCall = { timeout: 5_000 };
/** ms; what the tests of hanging stores give a call. */
const SHORT = 400;
/** ms that a call may settle after its time. */
const GRACE = 100;

const source = findEmulator();

describe.skipIf(!source)('Spanner, where its client or the network set traps', () => {
  let emulator: SpannerEmulator;
  let proxy: TcpProxy | undefined;
  const stores: HedgeStore[] = [];

  beforeAll(async () => {
    emulator = await startEmulator();
  });

  afterEach(async () => {
    if (emulator.isOwn) emulator.resume();
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await proxy?.close();
    proxy = undefined;
  });

  afterAll(() => emulator?.stop());

  function storeOn(
    database: string,
    options?: SpannerStoreOptions,
    host: { host: string } = emulator,
  ): HedgeStore {
    const store = spannerStore(databaseHandle(host, database), options);
    stores.push(store);
    return store;
  }

  async function openStore(options?: {
    via?: TcpProxy;
    ddl?: string[];
  }): Promise<{ store: HedgeStore; database: string }> {
    const database = await createDatabase(emulator, { tables: options?.ddl ?? true });
    const store = storeOn(database, {}, options?.via);
    await store.open(CALL);
    return { store, database };
  }

  async function runDdl(database: string, ...statements: string[]): Promise<void> {
    const handle = databaseHandle(emulator, database);
    const [operation] = await handle.updateSchema(statements);
    await operation.promise();
    await handle.close();
  }

  describe('says within a second what has to be mended', () => {
    it('when the database is not there', async () => {
      const there = await createDatabase(emulator, { tables: false });
      const missing = there.replace(/[^/]+$/, 'nowhere');

      const { error, ms } = await failing(storeOn(missing).open(CALL));
      expect(error.failure).toBe('invalid');
      expect(error.message).toContain('gcloud spanner databases create nowhere --instance=');
      expect(ms).toBeLessThan(1_000);
    });

    it('when the instance is not there', async () => {
      const missing = 'projects/test-project/instances/no-instance/databases/some';

      const { error, ms } = await failing(storeOn(missing).open(CALL));
      expect(error.failure).toBe('invalid');
      expect(error.message).toMatch(/gcloud spanner (instances|databases) create/);
      expect(ms).toBeLessThan(1_000);
    });

    it('when the tables are not there', async () => {
      const database = await createDatabase(emulator, { tables: false });

      const { error, ms } = await failing(storeOn(database).open(CALL));
      expect(error.failure).toBe('invalid');
      for (const ddl of spannerSchema()) expect(error.message).toContain(ddl);
      expect(ms).toBeLessThan(1_000);
    });

    it('when a table lacks what the store needs', async () => {
      const ddl = spannerSchema();
      ddl[0] = ddl[0].replace('writer STRING(MAX)', 'owner STRING(MAX)');
      ddl[1] = ddl[1].replace(' OPTIONS (allow_commit_timestamp=true)', '');
      const database = await createDatabase(emulator, { tables: ddl });

      const { error } = await failing(storeOn(database).open(CALL));
      expect(error.failure).toBe('invalid');
      expect(error.message).toContain('locktable has no column writer');
      expect(error.message).toContain('logtable.timestamp lacks OPTIONS (allow_commit_timestamp');
    });

    it('when a table has another key', async () => {
      const ddl = spannerSchema().map((statement) =>
        statement.replace('PRIMARY KEY (key, id)', 'PRIMARY KEY (id, key)'),
      );
      const database = await createDatabase(emulator, { tables: ddl });

      const { error } = await failing(storeOn(database).open(CALL));
      expect(error.failure).toBe('invalid');
      expect(error.message).toContain('the primary key of logtable is (id, key), not (key, id)');
    });

    it('when the tables go away later, and works again once they are back', async () => {
      const { store, database } = await openStore();
      await runDdl(
        database,
        'DROP INDEX logtable_newest',
        'DROP TABLE logtable',
        'DROP TABLE locktable',
      );

      for (const [name, call] of Object.entries(everyCall(store))) {
        const { error, ms } = await failing(call(CALL));
        expect([name, error.failure]).toEqual([name, 'invalid']);
        expect(error.message).toContain('CREATE TABLE IF NOT EXISTS locktable');
        expect(ms).toBeLessThan(1_000);
      }

      await runDdl(database, ...spannerSchema());
      for (const call of Object.values(everyCall(store))) await call(CALL);
    });
  });

  it('lets several stores create the tables at once', async () => {
    const database = await createDatabase(emulator, { tables: false });
    const members = [1, 2, 3].map(() => storeOn(database, { createTables: true }));

    await Promise.all(members.map((store) => store.open({ timeout: 15_000 })));

    for (const store of members) await store.commit([lock(`row-${stores.indexOf(store)}`)], CALL);
    // Nothing is left to create.
    await storeOn(database, { createTables: true }).open(CALL);
  });

  it('creates tables of other names, and only what is missing', async () => {
    const database = await createDatabase(emulator, { tables: false });
    const names = { lockTable: 'our_locks', logTable: 'our_log' };
    await runDdl(database, spannerSchema(names)[1]);

    const store = storeOn(database, { ...names, createTables: true });
    await store.open({ timeout: 15_000 });
    await store.commit([lock('a'), entry('k', '1')], CALL);

    expect(await store.entries({ key: 'k', order: 'newest' }, CALL)).toHaveLength(1);
  });

  it('reports an abort within a second, and leaves repeating to the caller', async () => {
    const { store } = await openStore();
    await store.commit([lock('contended')], CALL);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const start = performance.now();
        const failure = await store
          .transact(
            { names: ['contended'] },
            () => ({ result: 1, mutations: [{ ...lock('contended'), op: 'update' as const }] }),
            CALL,
          )
          .then(() => 'done' as const, failureOf);
        return { failure, ms: performance.now() - start };
      }),
    );

    const failures = new Set(outcomes.map(({ failure }) => failure));
    expect([...failures].toSorted()).toEqual(['aborted', 'done']);
    for (const { ms } of outcomes) expect(ms).toBeLessThan(1_000);
  });

  it('replaces sessions that the server lost, in the same call', async () => {
    const { store, database } = await openStore();
    for (const [name, call] of Object.entries(everyCall(store))) {
      await call(CALL);
      expect(await endSessions(emulator, database), name).toBeGreaterThan(0);
      await call(CALL);
    }
  });

  it('leaves the emulator alive, however many calls are given up in the middle', async () => {
    const { store } = await openStore();
    await store.commit([lock('contended')], CALL);
    const update = { result: 1, mutations: [{ ...lock('contended'), op: 'update' as const }] };
    const giveUpAfter = (ms: number) => {
      const call = { ...CALL, signal: AbortSignal.timeout(ms) };
      return store.transact({ names: ['contended'] }, () => update, call).catch(failureOf);
    };
    for (let round = 0; round < 60; round += 1) {
      await Promise.all(Array.from({ length: 16 }, (_, at) => giveUpAfter(1 + at)));
    }
    expect(await store.rows({ names: ['contended'] }, CALL)).toHaveLength(1);
  });

  it('refuses what no commit can ever hold', async () => {
    const { store } = await openStore();
    const tooLarge = entry('k', 'large', 'x'.repeat(2_621_441));
    const longKey = entry('k'.repeat(9_000), 'long');

    for (const bad of [tooLarge, longKey]) {
      expect(await failureIn(store.commit([entry('k', 'good'), bad], CALL))).toBe('refused');
    }
    expect(await store.entries({ key: 'k', order: 'newest' }, CALL)).toEqual([]);
  });

  describe.each([
    ['with the index', spannerSchema()],
    ['without the index', spannerSchema().slice(0, 2)],
  ])('%s', (_, ddl) => {
    it('reads a history of more than 10 MiB', async () => {
      const { store } = await openStore({ ddl });
      const value = 'é😀x'.repeat(250_000);
      const ids = Array.from({ length: 12 }, (__, at) => String(at).padStart(2, '0'));
      for (const id of ids) await store.commit([entry('big', id, value + id)], CALL);

      for (const order of ['newest', 'oldest'] as const) {
        const entries = await store.entries({ key: 'big', order }, { timeout: 15_000 });
        const expected = order === 'oldest' ? ids : ids.toReversed();
        expect(entries.map(({ id }) => id)).toEqual(expected);
        expect(entries.every((found) => found.value === value + found.id)).toBe(true);
      }
    });

    it('passes over entries without a timestamp', async () => {
      const { store, database } = await openStore({ ddl });
      await store.commit([entry('k', 'mine')], CALL);
      const handle = databaseHandle(emulator, database);
      await handle.table('logtable').insert({ key: 'k', id: 'foreign', value: 'v' });
      await handle.close();

      for (const order of ['newest', 'oldest'] as const) {
        const entries = await store.entries({ key: 'k', order }, CALL);
        expect(entries.map(({ id }) => id)).toEqual(['mine']);
      }
    });
  });

  it('reads on when the index goes away', async () => {
    const { store, database } = await openStore();
    await store.commit([entry('k', '1'), entry('k', '2')], CALL);
    await runDdl(database, 'DROP INDEX logtable_newest');

    const entries = await store.entries({ key: 'k', order: 'newest' }, CALL);
    expect(entries.map(({ id }) => id)).toEqual(['2', '1']);
  });

  describe.skipIf(source?.kind !== 'binary')('when the store hangs', () => {
    it('settles every call on time, and works again afterwards', async () => {
      const { store } = await openStore();
      for (const call of Object.values(everyCall(store))) await call(CALL);

      emulator.pause();
      const outcomes = await Promise.all(
        Object.entries(everyCall(store)).map(async ([name, call]) => {
          const { error, ms } = await failing(call({ timeout: SHORT }));
          return { name, failure: error.failure, ms };
        }),
      );
      for (const { name, failure, ms } of outcomes) {
        expect([name, failure]).toEqual([name, 'unavailable']);
        expect(ms).toBeGreaterThanOrEqual(SHORT - 5);
        expect(ms).toBeLessThan(SHORT + GRACE);
      }

      emulator.resume();
      for (const call of Object.values(everyCall(store))) await soon(() => call(CALL));
    });

    it('does not open, and opens afterwards', async () => {
      const database = await createDatabase(emulator, { tables: true });
      const store = storeOn(database);
      emulator.pause();
      const { error, ms } = await failing(store.open({ timeout: SHORT }));
      expect(error.failure).toBe('unavailable');
      expect(ms).toBeLessThan(SHORT + GRACE);

      emulator.resume();
      await soon(() => store.open(CALL));
    });

    it('lets go of a call whose signal is aborted', async () => {
      const { store } = await openStore();
      for (const call of Object.values(everyCall(store))) await call(CALL);

      emulator.pause();
      const abort = new AbortController();
      const pending = Object.entries(everyCall(store)).map(async ([name, call]) => {
        const { error } = await failing(call({ ...CALL, signal: abort.signal }));
        return [name, error.failure];
      });
      await delay(50);
      const start = performance.now();
      abort.abort();
      const failures = Object.fromEntries(await Promise.all(pending)) as Record<string, unknown>;
      expect(performance.now() - start).toBeLessThan(GRACE);
      // Only the blind commit was on its way.
      expect(failures).toEqual({
        commit: 'unavailable',
        transact: 'given-up',
        rows: 'given-up',
        entries: 'given-up',
        outcome: 'given-up',
      });
    });

    it('closes', async () => {
      const { store } = await openStore();
      await store.rows({ names: ['a'] }, CALL);
      emulator.pause();
      const call = failing(store.commit([lock('a')], CALL));
      await delay(20);

      const start = performance.now();
      const closed = store.close();
      expect((await call).error.failure).toBe('unavailable');
      expect(performance.now() - start).toBeLessThan(GRACE);
      await closed;
      expect(performance.now() - start).toBeLessThan(1_000);
    });

    it('says what to mend when it comes back empty, and works once the tables are back', async () => {
      const { store, database } = await openStore();
      await store.commit([lock('a')], CALL);
      await emulator.restartEmpty();

      const message = await soon(async () => {
        const { error } = await failing(store.rows({ names: ['a'] }, { timeout: SHORT }));
        expect(error.failure).toBe('invalid');
        return error.message;
      });
      expect(message).toMatch(/gcloud spanner (instances|databases) create/);

      await createDatabase(emulator, { tables: true, name: database.split('/').at(-1)! });
      for (const call of Object.values(everyCall(store))) await soon(() => call(CALL));
    });
  });

  describe('when the network fails', () => {
    it('notices a flow that was dropped silently by its calls, before keepalive does', async () => {
      proxy = await startTcpProxy(emulator.host);
      const { store } = await openStore({ via: proxy });
      await store.commit([lock('a')], CALL);

      proxy.dropOpenFlows();
      const start = performance.now();
      await soon(() => store.commit([{ ...lock('a'), op: 'update' }], { timeout: SHORT }));
      expect(performance.now() - start).toBeLessThan(5_000);
    });

    it('fails fast without a network, and is back within a second or so of it', async () => {
      proxy = await startTcpProxy(emulator.host);
      const { store } = await openStore({ via: proxy });
      await store.commit([lock('a')], CALL);

      proxy.cut();
      const until = performance.now() + 1_500;
      while (performance.now() < until) {
        const { error, ms } = await failing(store.rows({ names: ['a'] }, { timeout: 2_000 }));
        expect(error.failure).toBe('unavailable');
        expect(ms).toBeLessThan(2_000 + GRACE);
        await delay(20);
      }

      proxy.resume();
      const start = performance.now();
      await soon(() => store.rows({ names: ['a'] }, { timeout: SHORT }));
      expect(performance.now() - start).toBeLessThan(2_500);
    });
  });
});

/** One call of each kind; the same again and again. */
function everyCall(store: HedgeStore): Record<string, (call: StoreCall) => Promise<unknown>> {
  const upsert: Mutation = { ...lock('every'), op: 'upsert' };
  return {
    commit: (call) => store.commit([upsert], call),
    transact: (call) =>
      soonUnlessAborted(() =>
        store.transact({ names: ['every'] }, () => ({ result: 0, mutations: [upsert] }), call),
      ),
    rows: (call) => store.rows({ names: ['every'] }, call),
    entries: (call) => store.entries({ key: 'k', order: 'newest' }, call),
    outcome: (call) => store.outcome({ entries: [{ key: 'k', id: '1' }], names: ['every'] }, call),
  };
}

/** The emulator aborts transactions as it pleases. */
async function soonUnlessAborted<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (failureOf(error) !== 'aborted') throw error;
    }
  }
}

/** Until it succeeds; the last error after ten seconds. */
async function soon<T>(call: () => Promise<T>): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(20);
    }
  }
}

async function failing(call: Promise<unknown>): Promise<{ error: StoreError; ms: number }> {
  const start = performance.now();
  const error = await call.then(
    () => new Error('This call should have failed.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw error;
  return { error, ms: performance.now() - start };
}

async function failureIn(call: Promise<unknown>): Promise<StoreFailure> {
  return (await failing(call)).error.failure;
}

function failureOf(error: unknown): StoreFailure {
  if (!(error instanceof StoreError)) throw error;
  return error.failure;
}

/** Ends all sessions of the database behind everyone's back. */
async function endSessions(emulator: SpannerEmulator, database: string): Promise<number> {
  const handle = databaseHandle(emulator, database);
  const [sessions] = await handle.getSessions();
  await Promise.all(sessions.map((session) => session.delete()));
  await handle.close();
  return sessions.length;
}

function lock(name: string): Extract<Mutation, { table: 'lock'; writer?: string }> {
  return { table: 'lock', op: 'insert', name, writer: 'w', heartbeat: 'now', token: 'now' };
}

function entry(key: string, id: string, value = 'v'): Mutation {
  return { table: 'log', op: 'insert', key, id, value, leader: 'l' };
}
