import { describe, expect, it } from 'vitest';
import { StoreError } from '../../errors/index.js';
import { keysBeginningWith, type HedgeStore, type Mutation } from '../../store/index.js';
import { sqliteStore } from '../../store/sqlite/index.js';
import { StoreReader } from './store.reader.js';

const CALL = { timeout: 5_000 };
const PREFIX = 'hedge/g/';
const SESSIONS = `${PREFIX}session/`;

function inserted(name: string, writer: string): Mutation {
  return { table: 'lock', op: 'insert', name, writer, token: 'now' };
}

async function openStore(rows: readonly Mutation[] = []): Promise<HedgeStore> {
  const store = sqliteStore(':memory:');
  await store.open(CALL);
  await store.commit(rows, CALL);
  return store;
}

/** One that answers once the failures have been had. */
async function failingStore(...failures: StoreError[]): Promise<[HedgeStore, () => number]> {
  const store = await openStore();
  let calls = 0;
  const rows: HedgeStore['rows'] = (query, call) => {
    const failure = failures[calls++];
    return failure ? Promise.reject(failure) : store.rows(query, call);
  };
  return [Object.assign(Object.create(store) as HedgeStore, { rows }), () => calls];
}

describe('pages of a range', () => {
  it.each([0, 1, 999, 1_000, 1_001, 2_500])(
    'have each of %i rows once, in order, with its session',
    async (count) => {
      const numbers = Array.from({ length: count }, (_, at) => `${at}`.padStart(5, '0'));
      const store = await openStore([
        ...numbers.map((at) => inserted(`${PREFIX}lock/${at}#t`, at)),
        ...numbers.map((at) => inserted(SESSIONS + at, '1000 a:1')),
        inserted('hedge/g', 'before'),
        inserted('hedge/g0', 'behind'),
      ]);
      const reader = new StoreReader(store, 5_000);
      const names: string[] = [];
      for await (const { rows, byName } of reader.pages(keysBeginningWith(PREFIX), SESSIONS)) {
        expect(rows.length).toBeLessThanOrEqual(1_000);
        names.push(...rows.map(({ name }) => name));
        const fences = rows.filter(({ name }) => name.includes('#'));
        expect(fences.every(({ writer }) => byName.has(SESSIONS + writer))).toBe(true);
      }
      expect(names).toEqual([
        ...numbers.map((at) => `${PREFIX}lock/${at}#t`),
        ...numbers.map((at) => SESSIONS + at),
      ]);
      await store.close();
    },
  );

  it('go by code points, as the store does: beyond the first plane comes last', async () => {
    const names = ['\uffee', '𐀀', '𐀁'].map((name) => PREFIX + name);
    const store = await openStore(names.map((name) => inserted(name, '')));
    const found: string[] = [];
    for await (const { rows } of new StoreReader(store, 5_000).pages(keysBeginningWith(PREFIX))) {
      found.push(...rows.map(({ name }) => name));
    }
    expect(found).toEqual(names);
    await store.close();
  });
});

describe('a read', () => {
  it('is repeated when another call was in the way, and only then', async () => {
    const [busy, callsOfBusy] = await failingStore(
      new StoreError('aborted', 'busy'),
      new StoreError('aborted', 'busy'),
    );
    expect(await new StoreReader(busy, 5_000).rows({ names: [] })).toEqual([]);
    expect(callsOfBusy()).toBe(3);

    const failure = new StoreError('unavailable', 'away');
    const [away, callsOfAway] = await failingStore(failure);
    await expect(new StoreReader(away, 5_000).rows({ names: [] })).rejects.toBe(failure);
    expect(callsOfAway()).toBe(1);
  });

  it('is given up at the end of the time for all', async () => {
    const failures = Array.from({ length: 100 }, () => new StoreError('aborted', 'busy'));
    const [store] = await failingStore(...failures);
    await expect(new StoreReader(store, 60).rows({ names: [] })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('60 ms') as string,
    });
  });
});
