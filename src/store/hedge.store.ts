import type { KeyRange, LockRow, RowQuery } from './lock-row.js';
import type { EntryQuery, EntryRef, Outcome, OutcomeQuery, StoredEntry } from './log-entry.js';
import type { Mutation } from './mutation.js';

export type {
  EntryQuery,
  EntryRef,
  KeyRange,
  LockRow,
  Mutation,
  Outcome,
  OutcomeQuery,
  RowQuery,
  StoredEntry,
};

/** How long one call may take. */
export interface StoreCall {
  /** ms; past it the call rejects `unavailable` at once, whatever the store or its driver are doing. */
  readonly timeout: number;
  /**
   * Aborting it stops the call: checked right before every commit leaves, so that nothing is sent once the
   * caller gave up. A call aborted before its commit left rejects `given-up`, later `unavailable`.
   */
  readonly signal?: AbortSignal;
  /**
   * A renewal: all that a member holds hangs on it, so it goes before the calls of this process that wait. A store where
   * none of them waits need not look at it.
   */
  readonly isUrgent?: boolean;
}

/** What `decide` makes of the rows a transaction read: an answer, and what to write with it. */
export interface Decision<T> {
  /** The answer: what the transaction resolves with. */
  readonly result: T;
  /** None: the transaction writes nothing. */
  readonly mutations: readonly Mutation[];
}

/** What became of a transaction. */
export interface TransactionResult<T> {
  /** As `decide` gave it. */
  readonly result: T;
  /** The commit timestamp in ns; `undefined` when nothing was written. */
  readonly timestamp: bigint | undefined;
}

/**
 * Where sessions, locks and the log are kept. Implementations make a single attempt per call, never repeat a
 * commit by themselves, and reject with a `StoreError` whose `failure` says what happened to the data: the
 * protocol above decides what to repeat, because it alone knows what a repetition means.
 */
export interface HedgeStore {
  /** For log lines: what store this is, without credentials. */
  readonly description: string;

  /** True for a store that serves the processes of one machine only. */
  readonly isEmbedded?: boolean;

  /**
   * The same text for all members that share this store and its tables, another one for any other store. Members
   * compare it when they greet, so that none takes the leader of another database for its own. Empty until `open()`
   * is through, if it is not known before; a store without one is told apart from those that have one.
   */
  readonly identity?: string;

  /**
   * Connects, creates the tables if asked to, and checks that they are there. Rejects `invalid` with the DDL to
   * run when a table is missing, `unavailable` when the store does not answer. May be called again after
   * a rejection.
   */
  open(call: StoreCall): Promise<void>;

  /**
   * A blind write: all of the mutations or none, in one round trip, without reading first.
   * @returns the commit timestamp in ns
   */
  commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint>;

  /**
   * Reads, decides and writes as one serializable transaction. `decide` is synchronous and pure, for it may run
   * more than once.
   */
  transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>>;

  /** A strong read of the lock table, outside a transaction: it disturbs no writer. */
  rows(query: RowQuery, call: StoreCall): Promise<LockRow[]>;

  /** Reads the log. */
  entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]>;

  /**
   * One consistent strong read over both tables: which of these entries and rows stand. Whoever finds an entry
   * absent and its fence gone knows that the entry will never land.
   */
  outcome(query: OutcomeQuery, call: StoreCall): Promise<Outcome>;

  /** Ends every connection. Calls in flight reject `unavailable`; later ones too. Idempotent. */
  close(): Promise<void>;
}
