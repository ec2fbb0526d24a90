/**
 * A stretch of time in which a member's `isLeader()`, or `isHeld()` of something, was seen to be true. Both ends are on the safe side: it was true
 * at some moment not after `from`, and at some moment not before `to`.
 */
export interface HeldInterval {
  readonly token: bigint;
  /** Machine time right after the first call that said true. */
  readonly from: bigint;
  /** Machine time right before the last call that said true. */
  readonly to: bigint;
}

export type MemberEvent =
  /** A put that was acknowledged: its value, when it was begun, and the entry's commit timestamp in ns. */
  | {
      type: 'ack';
      at: bigint;
      key: string;
      value: string;
      id: string;
      begunAt: bigint;
      timestamp: bigint;
    }
  /** A put that was not. */
  | { type: 'failed-put'; at: bigint; key: string; value: string; code: string }
  | { type: 'gained'; at: bigint; token: bigint }
  | { type: 'lost'; at: bigint; token: bigint; reason: string }
  /** A term's signal aborted. */
  | { type: 'aborted'; at: bigint; token: bigint }
  /** The members it sees, after each change. */
  | { type: 'members'; at: bigint; ids: string[] }
  /** So many permits were held at some moment not before this one; noted at each look. */
  | { type: 'permits'; at: bigint; held: number }
  /** The event loop stood still; `firstTurnAt` is the end of its first turn since. */
  | { type: 'stood-still'; at: bigint; firstTurnAt: bigint }
  /** A lock or a permit: it was asked for at `askedAt`. */
  | { type: 'acquired'; at: bigint; what: string; askedAt: bigint; token: bigint }
  | { type: 'not-acquired'; at: bigint; what: string; askedAt: bigint; code: string }
  | { type: 'holding-aborted'; at: bigint; what: string; token: bigint }
  | { type: 'released'; at: bigint; what: string; token: bigint }
  /** A put under a lock, whose value is the token: the code it failed with, or `written`. */
  | { type: 'lock-put'; at: bigint; key: string; token: bigint; begunAt: bigint; code: string }
  /** A run of the cron, for a slot in ms since 1970. */
  | { type: 'cron-began'; at: bigint; slot: number; token: bigint }
  | { type: 'cron-ended'; at: bigint; slot: number }
  /** It was told of a run that nobody saw end. */
  | { type: 'cron-interrupted'; at: bigint; slot: number }
  /** A slow handler began, and how it ended. */
  | { type: 'handler-began'; at: bigint }
  | { type: 'handler-aborted'; at: bigint }
  | { type: 'handler-ended'; at: bigint };

/** What leadership is called among the things that are held. */
export const LEADERSHIP = 'leadership';

export type EventOf<T extends MemberEvent['type']> = Extract<MemberEvent, { type: T }>;
