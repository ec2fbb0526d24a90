import type { KeyRange, LockRow, RowQuery } from './stored.row.js';
import type { EntryQuery, EntryRef, Outcome, OutcomeQuery, StoredEntry } from './stored.entry.js';
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

/** The limits of a call. */
export interface StoreCall {
  /** ms. After it the call rejects `unavailable` at once, even if the store or its driver hangs. */
  readonly timeout: number;
  /**
   * Stops the call when it aborts. The store checks it right before it sends a commit, so that no commit leaves after
   * the caller gave up. A call that is aborted before its commit is sent rejects `given-up`, and later `unavailable`.
   */
  readonly signal?: AbortSignal;
  /**
   * True for a renewal. Everything that a member holds depends on it, so it goes before the other waiting calls of this
   * process. A store without waiting calls can ignore it.
   */
  readonly isUrgent?: boolean;
}

/** The result of `decide`: an answer, and the mutations to write with it. */
export interface Decision<T> {
  /** The transaction resolves with this. */
  readonly result: T;
  /** With an empty list, the transaction writes nothing. */
  readonly mutations: readonly Mutation[];
}

/** The outcome of a transaction. */
export interface TransactionResult<T> {
  /** The result that `decide` returned. */
  readonly result: T;
  /** The commit timestamp in ns, or `undefined` when nothing was written. */
  readonly timestamp: bigint | undefined;
}

/**
 * Keeps sessions, locks and the log. An implementation makes a single attempt per call and never repeats a commit. It
 * rejects with a `StoreError` whose `failure` gives the outcome for the data. The protocol above the store decides what
 * to repeat, because only the protocol knows the meaning of a repetition.
 */
export interface HedgeStore {
  /** Names this store in log lines, without credentials. */
  readonly description: string;

  /** True for a store that only processes of a single machine share. */
  readonly isEmbedded?: boolean;

  /**
   * The same text for all members that share this store and its tables, and another text for every other store. Members
   * compare it when they greet each other, so that no member follows the leader of another database. It may be empty
   * until `open()` resolves. A store without an identity differs from every store that has one.
   */
  readonly identity?: string;

  /**
   * Connects, creates the tables if its options say so, and checks that they exist. Rejects `invalid` with the DDL to
   * run when a table is missing, and `unavailable` when the store does not answer. The caller may call it again after a
   * rejection.
   */
  open(call: StoreCall): Promise<void>;

  /**
   * Writes all mutations or none, in a single round trip and without a read.
   * @returns the commit timestamp in ns
   */
  commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint>;

  /**
   * Reads, decides and writes in a serializable transaction. `decide` is synchronous and pure, because the store may
   * run it several times.
   */
  transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>>;

  /** A strong read of the lock table without a transaction. It delays no writer. */
  rows(query: RowQuery, call: StoreCall): Promise<LockRow[]>;

  /** Reads the log. */
  entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]>;

  /**
   * Says which of these entries and rows exist, with a consistent strong read of both tables. If an entry and its fence
   * are both missing, the entry will never be written.
   */
  outcome(query: OutcomeQuery, call: StoreCall): Promise<Outcome>;

  /** Ends every connection. Running and later calls reject `unavailable`. Idempotent. */
  close(): Promise<void>;
}
