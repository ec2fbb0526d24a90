/** The HTTP status that Nest's exception filter answers with, per error code. */
export const HEDGE_ERROR_STATUS = {
  /** An option of `forRoot` is missing, out of range or contradicts another. */
  INVALID_OPTIONS: 500,
  /** An argument of a call (a key, a name, a value, a limit) cannot be used. Nothing was sent. */
  INVALID_ARGUMENT: 400,
  /** A decorated method cannot be registered: two for one pattern, or a request-scoped class. */
  INVALID_HANDLER: 500,
  /** Called before `onApplicationBootstrap` or after `onApplicationShutdown`. */
  NOT_RUNNING: 503,
  /** No member led the group within the timeout. */
  NO_LEADER: 503,
  /** This needs the leader's term, and this member does not hold it (any more). Nothing was written. */
  NOT_LEADER: 503,
  /** The leader, or a member that got the broadcast, has no handler for the pattern. */
  NO_HANDLER: 501,
  /**
   * The handler threw, or its reply cannot travel: `error` is the RPC payload, or `{ code, message }` of a `HedgeError`.
   */
  HANDLER_ERROR: 500,
  /** Not done within the timeout. What was already sent may still happen. */
  TIMEOUT: 504,
  /** The caller's `signal` was aborted. */
  ABORTED: 499,
  /** Sent, and the connection or the store was lost before the answer: the outcome is unknown. */
  CONNECTION_LOST: 502,
  /** Larger than a message or an entry may be. Nothing was sent. */
  PAYLOAD_TOO_LARGE: 413,
  /** An Observable was streamed faster than the other side took it, and too much waited: stream an async iterable. */
  STREAM_OVERFLOW: 500,
  /** As many requests as there may be wait for their answers between the two members. Nothing was done. */
  OVERLOADED: 503,
  /** The lock or its session ended while it was needed. */
  LOCK_LOST: 409,
  /** Somebody else holds the lock, and the call was not to wait for it. */
  LOCK_BUSY: 409,
  /** The semaphore is in use with another limit. */
  LIMIT_MISMATCH: 409,
  /** The store cannot be reached; it is tried again. */
  STORE_UNAVAILABLE: 503,
  /** The store refuses: no table, no permission, no such database, or data it will never take. */
  STORE_INVALID: 500,
} as const;

/** The stable names of everything that can go wrong. */
export type HedgeErrorCode = keyof typeof HEDGE_ERROR_STATUS;
