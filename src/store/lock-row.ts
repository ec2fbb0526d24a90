/** Keys from `from` (included) up to `to` (excluded), in the order of their code points. */
export interface KeyRange {
  /** The first key that belongs to it. */
  readonly from: string;
  /** The first key that does not any more. */
  readonly to: string;
}

/** Rows of the lock table to read. */
export interface RowQuery {
  /** Rows by their names. */
  readonly names?: readonly string[];
  /** Rows whose names are in a range. */
  readonly range?: KeyRange;
  /** How many rows of the range at the most: the first ones. All of them when left out. */
  readonly limit?: number;
  /**
   * Also the rows whose name is this prefix followed by the `writer` of a row found in `range`: the sessions that
   * own those fences, in the same round trip.
   */
  readonly owners?: string;
}

/** One row of the lock table. */
export interface LockRow {
  /** The primary key. */
  readonly name: string;
  /** Of a lock, its holder; of a fence, its session; of a session, its lease and its member. */
  readonly writer: string | undefined;
  /** ns */
  readonly token: bigint | undefined;
  /**
   * ms since `heartbeat`, by the store's own clock at the moment of the read; `Infinity` when the row was written
   * before the machine last started (embedded store), `undefined` when there is no heartbeat.
   */
  readonly age: number | undefined;
}

/** The keys that begin with `prefix`. The prefix ends in an ASCII character, so its successor is one too. */
export function keysBeginningWith(prefix: string): KeyRange {
  const last = prefix.charCodeAt(prefix.length - 1);
  return { from: prefix, to: prefix.slice(0, -1) + String.fromCharCode(last + 1) };
}
