/** One version of a key, as stored. */
export interface StoredEntry {
  /** The second half of the primary key. */
  readonly id: string;
  /** The first half of the primary key. */
  readonly key: string;
  /** As it was put. */
  readonly value: string;
  /** The member that wrote it. */
  readonly leader: string;
  /** The commit timestamp in ns. */
  readonly timestamp: bigint;
}

/** Entries of one key, by (timestamp, id). Entries without a timestamp are passed over. */
export interface EntryQuery {
  /** Whose versions. */
  readonly key: string;
  /** Which come first. */
  readonly order: 'newest' | 'oldest';
  /** At most so many; all when left out. */
  readonly limit?: number;
  /** ns, excluded */
  readonly before?: bigint;
  /** ns, excluded */
  readonly after?: bigint;
  /** ms; allows a read that lags so much, served by the nearest replica. Strong when left out. */
  readonly maxStaleness?: number;
  /** Pass over the first so many. */
  readonly offset?: number;
  /** Leave `value` empty, to list what is there without carrying it over. */
  readonly withoutValues?: boolean;
}

/** Names one entry: the log's primary key. */
export type EntryRef = Pick<StoredEntry, 'key' | 'id'>;

/** What to find out about a commit whose outcome is unknown. */
export interface OutcomeQuery {
  /** Entries of the log. */
  readonly entries: readonly EntryRef[];
  /** Rows of the lock table. */
  readonly names: readonly string[];
}

/** What stood in both tables at one and the same moment. What is not there is left out. */
export interface Outcome {
  /** Of those that were asked for, those that are in the log. */
  readonly entries: readonly (EntryRef & Pick<StoredEntry, 'timestamp'>)[];
  /** Of those that were asked for, those that are in the lock table. */
  readonly names: readonly string[];
}
