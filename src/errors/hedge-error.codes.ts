/** The HTTP status of each error code, for Nest's exception filter. */
export const HEDGE_ERROR_STATUS = {
  /** An option of `forRoot` is missing, is out of range, or contradicts another option. */
  INVALID_OPTIONS: 500,
  /** An argument of a call (a key, a name, a value, a limit) cannot be used. Nothing was sent. */
  INVALID_ARGUMENT: 400,
  /** A decorated method cannot be registered: another one has its pattern, or its class is request-scoped. */
  INVALID_HANDLER: 500,
  /** The call came before `onApplicationBootstrap` or after `onApplicationShutdown`. */
  NOT_RUNNING: 503,
  /** No member led the group within the timeout. Nothing was done. */
  NO_LEADER: 503,
  /** The call needs the leader's term, and this member does not hold it. Nothing was written. */
  NOT_LEADER: 503,
  /** The leader, or a member that got a broadcast, has no handler for the pattern. */
  NO_HANDLER: 501,
  /**
   * The handler threw, or its reply cannot be sent. `error` is the RPC payload, or `{ code, message }` of a
   * `HedgeError`.
   */
  HANDLER_ERROR: 500,
  /** The call did not finish within the timeout. A request that was already sent may still take effect. */
  TIMEOUT: 504,
  /** The caller's `signal` was aborted. A request that was already sent may still take effect. */
  ABORTED: 499,
  /** The connection or the store was lost after the request was sent. The request may or may not take effect. */
  CONNECTION_LOST: 502,
  /** The data is larger than a message or an entry can be. Nothing was sent. */
  PAYLOAD_TOO_LARGE: 413,
  /**
   * A streamed Observable emits faster than the other side reads, and too much waits. Stream an async iterable instead.
   */
  STREAM_OVERFLOW: 500,
  /** Too many requests between the two members wait for an answer. Nothing was done. */
  OVERLOADED: 503,
  /** The lock or its session ended during the work that needs it. */
  LOCK_LOST: 409,
  /** Another call holds the lock, and this call does not wait. Nothing was done. */
  LOCK_BUSY: 409,
  /** The semaphore is in use with another limit. Nothing was done. */
  LIMIT_MISMATCH: 409,
  /** The store cannot be reached. The library tries again where it can. */
  STORE_UNAVAILABLE: 503,
  /** The store refuses: a table, a permission or the database is missing, or the store can never take the data. */
  STORE_INVALID: 500,
} as const;

/** The stable names of all errors. */
export type HedgeErrorCode = keyof typeof HEDGE_ERROR_STATUS;
