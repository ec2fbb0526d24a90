/**
 * Why this member does not hold a lock, a permit or the leadership any more:
 * - `released`: your code gave it back;
 * - `expired`: the deadline passed on this member's own clock;
 * - `session-gone`: another member ended the session in the store;
 * - `fence-gone`: the store says that this term ended, and the session goes on;
 * - `superseded`: another member proved that it holds a newer term;
 * - `stepped-down`: your code called `stepDown()`;
 * - `shutdown`: the app is closing.
 */
export type LossReason =
  | 'released'
  | 'expired'
  | 'session-gone'
  | 'fence-gone'
  | 'superseded'
  | 'stepped-down'
  | 'shutdown';

/** What a session holds: the term of a lock or of a permit. The rooms above implement this interface. */
export interface Fence {
  /** Its row in the lock table. It stands exactly as long as the fence is held. */
  readonly row: string;
  /** Another row, whose heartbeat renewals keep fresh for other programs (the group's lock). */
  readonly heartbeatRow?: string;
  /** The session lost it. Called once and synchronously; must not throw. */
  lost(reason: LossReason): void;
}
