/** A stored version of a key. */
export interface StoredEntry {
  /** The second half of the primary key. */
  readonly id: string;
  /** The first half of the primary key. */
  readonly key: string;
  /** The value that was put. */
  readonly value: string;
  /** The member that wrote it. */
  readonly leader: string;
  /** The commit timestamp in ns. */
  readonly timestamp: bigint;
}

/** The entries of a key to read, sorted by (timestamp, id). Entries without a timestamp are skipped. */
export interface EntryQuery {
  /** The key. */
  readonly key: string;
  /** The entries that come first. */
  readonly order: 'newest' | 'oldest';
  /** At most this number of entries. @default all */
  readonly limit?: number;
  /** ns, excluded */
  readonly before?: bigint;
  /** ns, excluded */
  readonly after?: bigint;
  /** ms. Allows the nearest replica to answer with data of this age. @default a strong read */
  readonly maxStaleness?: number;
  /** Skip this number of entries first. */
  readonly offset?: number;
  /** Leave `value` empty, to list entries without the cost of their values. */
  readonly withoutValues?: boolean;
}

/** The primary key of an entry. */
export type EntryRef = Pick<StoredEntry, 'key' | 'id'>;

/** The entries and rows that tell the outcome of a commit. */
export interface OutcomeQuery {
  /** Entries of the log. */
  readonly entries: readonly EntryRef[];
  /** Rows of the lock table. */
  readonly names: readonly string[];
}

/** The entries and rows that existed, in both tables at the same moment. */
export interface Outcome {
  /** The queried entries that are in the log. */
  readonly entries: readonly (EntryRef & Pick<StoredEntry, 'timestamp'>)[];
  /** The queried rows that are in the lock table. */
  readonly names: readonly string[];
}
