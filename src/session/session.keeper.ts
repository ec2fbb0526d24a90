import type { Clock, Instant } from '../time/index.js';
import { Deadline } from './deadline.js';
import type { Fence, LossReason } from './fence.js';
import { guardOf } from './lease.js';
import { Session } from './session.js';

export interface SessionKeeperOptions {
  readonly group: string;
  /** ms */
  readonly leaseDuration: number;
  /** The member's id. It is known once the member listens. */
  readonly address: () => string;
}

/**
 * The state machine of a member's session: which session is current, until when it counts, and what it holds. It does
 * no I/O: callers tell it what they sent and what the store answered.
 */
export class SessionKeeper {
  #current: Session | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly options: SessionKeeperOptions,
  ) {}

  /** The session of commits and renewals, if there is one. */
  get current(): Session | undefined {
    this.checkDeadline();
    return this.#current;
  }

  /** The session to acquire under: the current session, or a new one if that has ended. */
  open(): Session {
    const current = this.current;
    if (current && !(current.isFresh && current.isIdle)) return current;
    // The current session never held anything, and its deadline is old. The next acquire needs a whole lease.
    if (current) this.end(current, 'released');
    const { group, leaseDuration, address } = this.options;
    const now = this.clock.now();
    // The first deadline counts from before anything is sent. A late outcome, known only by a repeated acquire, does
    // not extend it.
    this.#current = new Session(
      group,
      { leaseDuration, address: address() },
      this.#deadline(now),
      now,
    );
    return this.#current;
  }

  /** A commit landed that itself wrote the session's heartbeat (ONLY-COMMITS-EXTEND). It left at `sentAt`. */
  renewed(session: Session, sentAt: Instant): void {
    if (!this.#isCurrent(session)) return;
    session.stand();
    session.extend(sentAt, this.#deadline(sentAt));
  }

  /** The session's row was seen in the store. The session stands; its deadline stays. */
  confirmed(session: Session): void {
    if (this.#isCurrent(session)) session.stand();
  }

  /**
   * The session holds this fence from now on.
   * @returns false if the session ended meanwhile: the fence was lost before it was held
   */
  hold(session: Session, fence: Fence): boolean {
    if (!this.#isCurrent(session) || !session.isStanding()) return false;
    session.add(fence);
    return true;
  }

  /**
   * The session does not hold this fence any more.
   * @returns true if it held nothing else: the session has ended, and the caller deletes its row with the fence
   */
  drop(session: Session, fence: Fence): boolean {
    session.remove(fence);
    return this.#endIfIdle(session);
  }

  /**
   * An acquire is over, and the store has settled what it sent.
   * @returns true if nothing else keeps the session: it has ended, and the caller deletes its row
   */
  endAcquire(session: Session): boolean {
    session.endAcquire();
    return this.#endIfIdle(session);
  }

  /** The store says that this fence is gone. The session goes on. */
  lose(session: Session, fence: Fence): void {
    session.remove(fence);
    fence.lost('fence-gone');
  }

  /** Ends a session for good: everything it holds is lost at once (SESSION-NEVER-RETURNS). */
  end(session: Session, reason: LossReason): void {
    if (session.hasEnded) return;
    if (this.#current === session) this.#current = undefined;
    for (const fence of session.end()) fence.lost(reason);
  }

  /** Ends the current session if its deadline has passed on either clock (LOST-AT-DEADLINE). */
  checkDeadline(): void {
    if (this.#current && !this.#current.isUsable()) this.end(this.#current, 'expired');
  }

  /** Keeps a fresh session: it has no row yet, and the next acquire may use it. */
  #endIfIdle(session: Session): boolean {
    if (!this.#isCurrent(session) || session.isFresh || !session.isIdle) return false;
    this.end(session, 'released');
    return true;
  }

  #isCurrent(session: Session): boolean {
    this.checkDeadline();
    return this.#current === session;
  }

  /** DEADLINE-FROM-SEND: before the request left, plus the lease, minus the guard. */
  #deadline(sentAt: Instant): Deadline {
    const { leaseDuration } = this.options;
    return new Deadline(this.clock, sentAt, leaseDuration - guardOf(leaseDuration));
  }
}
