/**
 * Why something held was lost:
 * - `released`: given back on purpose;
 * - `expired`: the deadline passed on this member's own clock;
 * - `session-gone`: the store says that others ended the session;
 * - `fence-gone`: the store says that this very term ended;
 * - `superseded`: another member proved that it holds a newer term;
 * - `stepped-down`, `shutdown`: given back because the app asked for it, or is closing.
 */
export type LossReason =
  | 'released'
  | 'expired'
  | 'session-gone'
  | 'fence-gone'
  | 'superseded'
  | 'stepped-down'
  | 'shutdown';

/** Something a session holds: the term of a lock or of a permit. The rooms above fill this port. */
export interface Fence {
  /** Its row in the lock table: stands exactly as long as this is held. */
  readonly row: string;
  /** Another row whose heartbeat is kept fresh for readers outside (the group's lock). */
  readonly heartbeatRow?: string;
  /** The session ended, and this with it. Called once, synchronously; must not throw. */
  lost(reason: LossReason): void;
}
