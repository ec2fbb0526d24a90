import { StoreError } from '../../src/errors/index.js';
import type { LockReleaser, Resource } from '../../src/lock/index.js';
import type { Clock } from '../../src/time/index.js';
import type { SessionKeeper } from '../../src/session/index.js';
import type { Decision, HedgeStore, LockRow, Mutation, RowQuery } from '../../src/store/index.js';
import type { Climate } from './troubles/weather.js';
import type { VirtualClock } from '../support/time/virtual.clock.js';

/** A member that breaks one rule of the protocol: the simulation has to notice. */
export interface Mutant {
  /** By its name in docs/design/protocol.md. */
  readonly rule: string;
  /** What it does wrong. */
  readonly name: string;
  /** What stands between the member and the store. */
  store?(store: HedgeStore): HedgeStore;
  keeper?(keeper: SessionKeeper, clock: VirtualClock): void;
  releaser?(releaser: LockReleaser): void;
  /** A semaphore as its users see it. */
  resource?(resource: Resource): Resource;
  /** The clocks that deadlines are kept on. */
  deadlineClock?(clock: VirtualClock): Clock;
  /** The troubles that bring it out, where random ones seldom do. */
  readonly climate?: Partial<Climate>;
  /** Transactions commit whatever became of the rows they read. */
  readonly transactionsAreBlind?: boolean;
}

export const NO_MUTANT: Mutant = { rule: 'none', name: 'as designed' };

/** A leader stays, and all reach it. */
const UNTROUBLED: Partial<Climate> = {
  stepDowns: 0,
  pauses: 0,
  isolations: 0,
  outages: 0,
  ambushes: 0,
  jumps: 0,
  messagesLost: 0,
  cuts: 0,
};

export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'DEADLINE-FROM-SEND',
    name: 'counts the deadline from the reply',
    climate: { ambushes: 0.1, stepDowns: 0, isolations: 0 },
    keeper: (keeper, clock) => {
      const renewed = keeper.renewed.bind(keeper);
      keeper.renewed = (session) => renewed(session, clock.now());
    },
  },
  {
    rule: 'ONLY-COMMITS-EXTEND',
    name: 'extends the deadline by a look-up',
    // It asks again late after an answer that was lost, and is cut off from the store once it holds what it asked for.
    climate: { replyLost: 0.4, slow: 0.5, lost: 0, isolations: 1, stepDowns: 0, ambushes: 0 },
    keeper: (keeper, clock) => {
      keeper.confirmed = (session) => keeper.renewed(session, clock.now());
    },
  },
  {
    rule: 'TWO-CLOCKS',
    name: 'keeps the deadline on the monotonic clock alone',
    deadlineClock: (clock) => ({
      now: () => ({ monotonic: clock.now().monotonic, wall: clock.now().monotonic }),
      after: (ms, call) => clock.after(ms, call),
    }),
  },
  {
    rule: 'TWO-CLOCKS',
    name: 'keeps the deadline on the wall clock alone',
    deadlineClock: (clock) => ({
      now: () => ({ monotonic: clock.now().wall, wall: clock.now().wall }),
      after: (ms, call) => clock.after(ms, call),
    }),
  },
  {
    rule: 'HELD-BY-CLOCK',
    name: 'goes on past its deadline',
    keeper: (keeper) => {
      const hold = keeper.hold.bind(keeper);
      keeper.hold = (session, fence) => {
        session.isStanding = () => !session.hasEnded;
        return hold(session, fence);
      };
    },
  },
  {
    rule: 'SESSION-ON-DEMAND',
    name: 'leaves its session when it gives back the last thing',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.filter(
          ({ op, ...mutation }) =>
            !('name' in mutation && op === 'delete' && isSession(mutation.name)),
        ),
      ),
  },
  {
    rule: 'RENEW-BY-UPDATE',
    name: 'renews by upsert',
    store: (store) => changing(store, (mutations) => mutations.map(upsertInPlaceOfUpdate)),
  },
  {
    rule: 'LOG-IS-FENCED',
    name: 'writes the log without its fence',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.some(({ table }) => table === 'log')
          ? mutations.filter(({ op }) => op !== 'update')
          : mutations,
      ),
  },
  {
    rule: 'LOG-IS-FENCED',
    name: 'writes the log fenced by its session alone',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.some(({ table }) => table === 'log')
          ? mutations.filter((mutation) => !isFence(mutation))
          : mutations,
      ),
  },
  {
    rule: 'FREE-BY-FENCE',
    name: 'takes over without looking at the session',
    store: (store) => seeing(store, (rows) => rows.filter(({ name }) => !isSession(name))),
  },
  {
    rule: 'GUARD-AND-MARGIN',
    name: 'takes over a lock before its lease is over',
    store: (store) => seeing(store, (rows) => rows.map(aged)),
  },
  {
    rule: 'ACQUIRE-IN-TRANSACTION',
    name: 'acquires by a commit that checks nothing',
    transactionsAreBlind: true,
  },
  {
    rule: 'SETTLE-BY-WRITING',
    name: 'does not settle an acquire it gave up',
    releaser: (releaser) => {
      releaser.settle = () => Promise.resolve();
    },
  },
  {
    rule: 'SETTLE-BY-WRITING',
    name: 'settles an acquire by a blind deletion of what it saw',
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
    rule: 'STOP-BEFORE-RELEASE',
    name: 'releases before it stops holding',
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
    rule: 'RELEASE-BEGINS-WITH-FENCE',
    name: 'releases without its fence',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.some((mutation) => isFence(mutation) && mutation.op === 'delete')
          ? mutations.filter(({ op }) => op !== 'update')
          : mutations,
      ),
  },
  {
    rule: 'RELEASE-DELETES-FENCE',
    name: 'leaves the fence when it releases',
    store: (store) =>
      changing(store, (mutations) =>
        mutations.filter((mutation) => !(isFence(mutation) && mutation.op === 'delete')),
      ),
  },
  {
    rule: 'EXISTS-IS-NO-ACK',
    name: 'takes ALREADY_EXISTS for written',
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
    rule: 'ACK-BY-READ',
    name: 'takes an unknown outcome for written',
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
    rule: 'NOT-WRITTEN-NEEDS-PROOF',
    name: 'says "not written" while the fence stands',
    store: (store) => ({
      ...bound(store),
      outcome: async (query, call) => ({
        names: [],
        entries: (await store.outcome(query, call)).entries,
      }),
    }),
  },
  {
    rule: 'ONE-ID-PER-ENTRY',
    name: 'sends an entry again under another id',
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
    rule: 'COUNT-THE-LIVING',
    name: 'counts permits without their sessions',
    store: (store) => counting(store, (rows) => rows.filter(({ name }) => !isSession(name))),
  },
  {
    rule: 'COUNT-THE-LIVING',
    name: 'counts permits whose session is dead',
    // Under a leader that stays: each new one sweeps away what died before.
    climate: { ...UNTROUBLED, crashes: 0.7 },
    store: (store) => counting(store, (rows) => rows.map((row) => ({ ...row, age: row.age && 0 }))),
  },
  {
    rule: 'COUNT-IN-TRANSACTION',
    name: 'counts permits outside its transaction',
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
    rule: 'LIMIT-HOLDS',
    name: 'lets one more in than the limit allows',
    resource: (resource) => ({
      ...resource,
      freeBeside: (holders) => resource.freeBeside(holders) + 1,
    }),
  },
  {
    rule: 'ONE-LIMIT',
    name: 'does not mind the limit of the others',
    resource: (resource) => ({ ...resource, refusal: () => undefined }),
  },
  {
    rule: 'PERMIT-IS-A-FENCE',
    name: 'keeps its permit when it releases',
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
