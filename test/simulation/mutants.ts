import { StoreError } from '../../src/errors/index.js';
import type { LockReleaser, Place } from '../../src/lock/index.js';
import type { Clock } from '../../src/time/index.js';
import type { SessionKeeper } from '../../src/session/index.js';
import type { Decision, HedgeStore, LockRow, Mutation, RowQuery } from '../../src/store/index.js';
import type { Climate } from './weather.js';
import type { VirtualClock } from '../support/virtual-clock.js';

/** A member that breaks one rule of the protocol: the simulation has to notice. */
export interface Mutant {
  readonly name: string;
  /** What stands between the member and the store. */
  store?(store: HedgeStore): HedgeStore;
  keeper?(keeper: SessionKeeper, clock: VirtualClock): void;
  releaser?(releaser: LockReleaser): void;
  /** A semaphore as its users see it. */
  place?(place: Place): Place;
  /** The clocks that deadlines are kept on. */
  deadlineClock?(clock: VirtualClock): Clock;
  /** The troubles that bring it out, where random ones seldom do. */
  readonly climate?: Partial<Climate>;
  /** Transactions commit whatever became of the rows they read. */
  readonly transactionsAreBlind?: boolean;
}

export const NO_MUTANT: Mutant = { name: 'as designed' };

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'counts the deadline from the reply (4.2.3)',
    climate: { ambushes: 0.1, stepDowns: 0, isolations: 0 },
    keeper: (keeper, clock) => {
      const renewed = keeper.renewed.bind(keeper);
      keeper.renewed = (session) => renewed(session, clock.now());
    },
  },
  {
    name: 'extends the deadline by a look-up (4.2.3)',
    climate: { ambushes: 0.15 },
    keeper: (keeper, clock) => {
      keeper.confirmed = (session) => keeper.renewed(session, clock.now());
    },
  },
  {
    name: 'keeps the deadline on the monotonic clock alone (4.2.3)',
    deadlineClock: (clock) => ({
      now: () => ({ monotonic: clock.now().monotonic, wall: clock.now().monotonic }),
      after: (ms, call) => clock.after(ms, call),
    }),
  },
  {
    name: 'keeps the deadline on the wall clock alone (4.2.3)',
    deadlineClock: (clock) => ({
      now: () => ({ monotonic: clock.now().wall, wall: clock.now().wall }),
      after: (ms, call) => clock.after(ms, call),
    }),
  },
  {
    name: 'goes on past its deadline (4.2.5)',
    keeper: (keeper) => {
      const hold = keeper.hold.bind(keeper);
      keeper.hold = (session, fence) => {
        session.isStanding = () => !session.hasEnded;
        return hold(session, fence);
      };
    },
  },
  {
    name: 'renews by upsert (4.2.2)',
    store: (store) => changing(store, (mutations) => mutations.map(upsertInPlaceOfUpdate)),
  },
  {
    name: 'writes the log without its fence (4.4.1)',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.some(({ table }) => table === 'log')
          ? mutations.filter(({ op }) => op !== 'update')
          : mutations,
      ),
  },
  {
    name: 'writes the log fenced by its session alone (4.4.1)',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.some(({ table }) => table === 'log')
          ? mutations.filter((mutation) => !isFence(mutation))
          : mutations,
      ),
  },
  {
    name: 'takes over without looking at the session (4.3.1)',
    store: (store) => seeing(store, (rows) => rows.filter(({ name }) => !isSession(name))),
  },
  {
    name: 'takes over a lock before its lease is over (4.2.4)',
    store: (store) => seeing(store, (rows) => rows.map(aged)),
  },
  {
    name: 'acquires by a commit that checks nothing (4.3.1)',
    transactionsAreBlind: true,
  },
  {
    name: 'does not settle an acquire it gave up (4.3.2)',
    releaser: (releaser) => {
      releaser.settle = () => Promise.resolve();
    },
  },
  {
    name: 'settles an acquire by a blind deletion of what it saw (4.3.2)',
    store: (store) => ({
      ...bound(store),
      transact: async (query, decide, call) => {
        const isSettling = query.names?.length === 2 && query.range === undefined;
        if (!isSettling) return store.transact(query, decide, call);
        const { result, mutations } = decide(await store.rows(query, call));
        if (mutations.length > 1) await store.commit(mutations, call);
        return { result, timestamp: undefined };
      },
    }),
  },
  {
    name: 'releases before it stops holding (4.3.3)',
    releaser: (releaser) => {
      const release = releaser.release.bind(releaser);
      releaser.release = async (term, reason) => {
        const isHeld = term.isHeld.bind(term);
        term.isHeld = () => true;
        await release(term, reason);
        term.isHeld = isHeld;
      };
    },
  },
  {
    name: 'releases without its fence (4.3.3)',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.some((mutation) => isFence(mutation) && mutation.op === 'delete')
          ? mutations.filter(({ op }) => op !== 'update')
          : mutations,
      ),
  },
  {
    name: 'leaves the fence when it releases (4.3.3)',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.filter((mutation) => !(isFence(mutation) && mutation.op === 'delete')),
      ),
  },
  {
    name: 'takes ALREADY_EXISTS for written (4.4.3)',
    store: (store) => ({
      ...bound(store),
      commit: async (mutations, call) => {
        try {
          return await store.commit(mutations, call);
        } catch (error) {
          const isThere = error instanceof StoreError && error.failure === 'row-exists';
          if (isThere) return 1n;
          throw error;
        }
      },
    }),
  },
  {
    name: 'takes an unknown outcome for written (4.4.3)',
    store: (store) => ({
      ...bound(store),
      outcome: async (query, call) => {
        const found = await store.outcome(query, call);
        return {
          names: found.names,
          entries: query.entries.map((entry) => ({
            ...entry,
            timestamp: 1n,
            ...match(entry, found.entries),
          })),
        };
      },
    }),
  },
  {
    name: 'says "not written" while the fence stands (4.4.3)',
    store: (store) => ({
      ...bound(store),
      outcome: async (query, call) => ({
        names: [],
        entries: (await store.outcome(query, call)).entries,
      }),
    }),
  },
  {
    name: 'sends an entry again under another id (4.4.2)',
    store: (store) => {
      const sent = new Set<string>();
      return changing(store, (mutations) =>
        mutations.map((mutation) => {
          if (mutation.table !== 'log') return mutation;
          if (!sent.has(mutation.id)) {
            sent.add(mutation.id);
            return mutation;
          }
          return { ...mutation, key: `${mutation.key} again` };
        }),
      );
    },
  },
  {
    name: 'counts permits without their sessions (4.7)',
    store: (store) => counting(store, (rows) => rows.filter(({ name }) => !isSession(name))),
  },
  {
    name: 'counts permits whose session is dead (4.7)',
    // Under a leader that stays: each new one sweeps away what died before.
    climate: { crashes: 0.5, stepDowns: 0, pauses: 0, isolations: 0 },
    store: (store) => counting(store, (rows) => rows.map((row) => ({ ...row, age: row.age && 0 }))),
  },
  {
    name: 'counts permits outside its transaction (4.7)',
    store: (store) => ({
      ...bound(store),
      transact: async (query, decide, call) => {
        if (!isCount(query)) return store.transact(query, decide, call);
        const { result, mutations } = decide(await store.rows(query, call));
        if (mutations.length === 0) return { result, timestamp: undefined };
        return { result, timestamp: await store.commit(mutations, call) };
      },
    }),
  },
  {
    name: 'lets one more in than the limit allows (4.7)',
    place: (place) => ({ ...place, roomBeside: (holders) => place.roomBeside(holders) + 1 }),
  },
  {
    name: 'does not mind the limit of the others (4.7)',
    place: (place) => ({ ...place, refusal: () => undefined }),
  },
  {
    name: 'keeps its permit when it releases (4.7)',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.filter(
          ({ op, ...mutation }) =>
            !('name' in mutation && op === 'delete' && isPermit(mutation.name)),
        ),
      ),
  },
];

function match<T extends { id: string }>(
  entry: { id: string },
  found: readonly T[],
): T | undefined {
  return found.find(({ id }) => id === entry.id);
}

/** The store itself, to be spread and changed. */
function bound(store: HedgeStore): HedgeStore {
  return {
    description: store.description,
    open: (call) => store.open(call),
    close: () => store.close(),
    commit: (mutations, call) => store.commit(mutations, call),
    transact: (query, decide, call) => store.transact(query, decide, call),
    rows: (query, call) => store.rows(query, call),
    entries: (query, call) => store.entries(query, call),
    outcome: (query, call) => store.outcome(query, call),
  };
}

function changing(
  store: HedgeStore,
  change: (mutations: readonly Mutation[]) => readonly Mutation[],
): HedgeStore {
  return { ...bound(store), commit: (mutations, call) => store.commit(change(mutations), call) };
}

function seeing(
  store: HedgeStore,
  see: (rows: readonly LockRow[]) => readonly LockRow[],
): HedgeStore {
  return {
    ...bound(store),
    rows: async (query, call) => [...see(await store.rows(query, call))],
    transact: (query, decide, call) =>
      store.transact(query, (rows): Decision<never> => decide(see(rows)) as Decision<never>, call),
  };
}

/** Changes what is seen of a semaphore alone. */
function counting(
  store: HedgeStore,
  see: (rows: readonly LockRow[]) => readonly LockRow[],
): HedgeStore {
  return {
    ...bound(store),
    transact: (query, decide, call) =>
      (isCount(query) ? seeing(store, see) : store).transact(query, decide, call),
  };
}

function isCount({ range }: RowQuery): boolean {
  return range !== undefined && isPermit(range.from);
}

function upsertInPlaceOfUpdate(mutation: Mutation): Mutation {
  if (mutation.table !== 'lock' || mutation.op !== 'update') return mutation;
  // What makes a session's row readable: its lease and its owner.
  const writer = isSession(mutation.name) ? '1000 revived:1' : mutation.writer;
  return { ...mutation, op: 'upsert', writer };
}

function aged(row: LockRow): LockRow {
  return { ...row, age: row.age === undefined ? undefined : row.age * 1.5 };
}

function isFence(mutation: Mutation): boolean {
  return mutation.table === 'lock' && mutation.name.includes('#');
}

function isSession(name: string): boolean {
  return name.includes('/session/');
}

function isPermit(name: string): boolean {
  return name.includes('/semaphore/');
}
