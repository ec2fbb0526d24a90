/** Keys from `from` (included) up to `to` (excluded), in the order of their code points. */
export interface KeyRange {
  /** The first key of the range. */
  readonly from: string;
  /** The first key after the range. */
  readonly to: string;
}

/** Rows of the lock table to read. */
export interface RowQuery {
  /** Rows by their names. */
  readonly names?: readonly string[];
  /** Rows whose names are in a range. */
  readonly range?: KeyRange;
  /** At most this number of rows of the range, from its beginning. @default all */
  readonly limit?: number;
  /**
   * Also read the rows whose name is this prefix and then the `writer` of a row in `range`. These are the sessions that
   * own the fences of the range, read in the same round trip.
   */
  readonly owners?: string;
}

/** A row of the lock table. */
export interface LockRow {
  /** The primary key. */
  readonly name: string;
  /** The holder of a lock, the session of a fence, or the lease and member of a session. */
  readonly writer: string | undefined;
  /** ns */
  readonly token: bigint | undefined;
  /**
   * ms since `heartbeat`, by the store's clock at the moment of the read. `Infinity` when the row was written before
   * the machine last started (embedded store). `undefined` without a heartbeat.
   */
  readonly age: number | undefined;
}

/** The keys that begin with `prefix`. The prefix ends in an ASCII character, so its successor is one too. */
export function keysBeginningWith(prefix: string): KeyRange {
  const last = prefix.charCodeAt(prefix.length - 1);
  return { from: prefix, to: prefix.slice(0, -1) + String.fromCharCode(last + 1) };
}
