/** Keys from `from` (included) up to `to` (excluded), in the order of their code points. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** Rows of the lock table to read. */
export interface RowQuery {
  readonly names?: readonly string[];
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
  readonly name: string;
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
