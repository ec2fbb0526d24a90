import { setTimeout as delay } from 'node:timers/promises';
import { StoreError, type StoreFailure } from '../../../src/errors/index.js';
import type {
  EntryQuery,
  HedgeStore,
  LockRow,
  Mutation,
  RowQuery,
  StoreCall,
} from '../../../src/store/index.js';
import { update } from './mutations.js';

export const CALL: StoreCall = { timeout: 10_000 };

/** ms for which a call that loses against others is repeated. */
const LONGEST_RETRY = 15_000;

export function commit(store: HedgeStore, mutations: readonly Mutation[]): Promise<bigint> {
  return repeated(() => store.commit(mutations, CALL));
}

export function transact<T>(
  store: HedgeStore,
  query: RowQuery,
  decide: (rows: readonly LockRow[]) => { result: T; mutations?: readonly Mutation[] },
) {
  return repeated(() =>
    store.transact(query, (rows) => ({ mutations: [], ...decide(rows) }), CALL),
  );
}

export function increment(name: string, store: HedgeStore) {
  return transact(store, { names: [name] }, ([counter]) => {
    const next = Number(counter?.writer) + 1;
    return { result: next, mutations: [update(name, String(next))] };
  });
}

export function entries(store: HedgeStore, query: EntryQuery) {
  return repeated(() => store.entries(query, CALL));
}

export async function ids(store: HedgeStore, key: string, query: Partial<EntryQuery> = {}) {
  const found = await entries(store, { key, order: 'newest', ...query });
  return found.map(({ id }) => id);
}

export async function values(store: HedgeStore, key: string) {
  const found = await entries(store, { key, order: 'newest' });
  return found.map(({ value }) => value);
}

export async function row(store: HedgeStore, name: string): Promise<LockRow | undefined> {
  const [found] = await repeated(() => store.rows({ names: [name] }, CALL));
  return found;
}

export async function ageOf(name: string, store: HedgeStore): Promise<number> {
  return (await row(store, name))?.age ?? NaN;
}

export async function names(store: HedgeStore, query: RowQuery): Promise<string[]> {
  const found = await repeated(() => store.rows(query, CALL));
  return found.map(({ name }) => name).toSorted(byCodePoint);
}

export async function writers(store: HedgeStore, asked: readonly string[]) {
  const found = await repeated(() => store.rows({ names: asked }, CALL));
  return Object.fromEntries(found.map(({ name, writer }) => [name, writer]));
}

export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** `aborted` says "nothing was written, try again": losing against others is nothing to fail a test for. */
export async function repeated<T>(attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + LONGEST_RETRY;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const lost = error instanceof StoreError && error.failure === 'aborted';
      if (!lost || performance.now() > end) throw error;
    }
    await delay(2 + Math.random() * 30);
  }
}

export async function failureOf(attempt: () => Promise<unknown>): Promise<StoreFailure> {
  try {
    await repeated(attempt);
  } catch (error) {
    if (error instanceof StoreError) return error.failure;
    throw error;
  }
  throw new Error('Expected the call to be rejected.');
}
