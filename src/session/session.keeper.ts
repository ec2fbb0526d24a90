import type { Clock, Instant } from '../time/index.js';
import { Deadline } from './deadline.js';
import type { Fence, LossReason } from './fence.js';
import { guardOf } from './lease.js';
import { Session } from './session.js';

export interface SessionKeeperOptions {
  readonly group: string;
  /** ms */
  readonly leaseDuration: number;
  /** The member's id, once it is known which port it listens on. */
  readonly address: () => string;
}

/**
 * The state machine of a member's session: which one is current, until when it counts, what it holds. It does
 * no I/O: it is told what was sent, what was answered and what time it is.
 */
export class SessionKeeper {
  #current: Session | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly options: SessionKeeperOptions,
  ) {}

  /** The session that commits and renewals belong to now, if there is one. */
  get current(): Session | undefined {
    this.checkDeadline();
    return this.#current;
  }

  /** The session to acquire under: the current one, or a new one where that has ended. */
  open(): Session {
    const current = this.current;
    if (current && !(current.isFresh && current.isIdle)) return current;
    // One that never got as far as holding something has an old deadline: the next acquire deserves a whole lease.
    if (current) this.end(current, 'released');
    const { group, leaseDuration, address } = this.options;
    const now = this.clock.now();
    // A first deadline from before anything is sent: an acquire whose outcome comes out late, by a repetition
    // that extends nothing, is counted from here.
    this.#current = new Session(
      group,
      { leaseDuration, address: address() },
      this.#deadline(now),
      now,
    );
    return this.#current;
  }

  /** A commit that itself wrote the session's heartbeat, sent at `sentAt`, landed (ONLY-COMMITS-EXTEND). */
  renewed(session: Session, sentAt: Instant): void {
    if (!this.#isCurrent(session)) return;
    session.stand();
    session.extend(sentAt, this.#deadline(sentAt));
  }

  /** The session's row was seen in the store: it stands, until the deadline it had. */
  confirmed(session: Session): void {
    if (this.#isCurrent(session)) session.stand();
  }

  /**
   * The session holds this from now on.
   * @returns false when the session ended meanwhile: the fence was lost before it was held
   */
  hold(session: Session, fence: Fence): boolean {
    if (!this.#isCurrent(session) || !session.isStanding()) return false;
    session.add(fence);
    return true;
  }

  /**
   * This is not held any more.
   * @returns true when it was the last: the session has ended, and its row is to be deleted with the fence's
   */
  drop(session: Session, fence: Fence): boolean {
    session.remove(fence);
    return this.#endIfIdle(session);
  }

  /**
   * An acquire is over, and whatever it sent is settled.
   * @returns true when nothing else keeps the session: it has ended, and its row is to be deleted
   */
  endAcquire(session: Session): boolean {
    session.endAcquire();
    return this.#endIfIdle(session);
  }

  /** The store says that this one thing is not held any more; the session goes on. */
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

  /** A fresh one has no row yet: it is left to the next acquire. */
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
