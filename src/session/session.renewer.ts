import { AsyncResource } from 'node:async_hooks';
import type { Logger } from '@nestjs/common';
import { StoreError } from '../errors/index.js';
import type { MemberReports } from '../hedge.channels.js';
import type { HedgeStore } from '../store/index.js';
import { Backoff, type Clock, type Timer } from '../time/index.js';
import type { Fence } from './fence.js';
import { fenceCheck, type FencedCommitter } from './fenced.committer.js';
import { attemptTimeoutOf } from './lease.js';
import type { Session } from './session.js';
import type { SessionKeeper } from './session.keeper.js';
import { RENEWAL_FAILED } from './session.messages.js';

export interface SessionRenewerParts {
  readonly keeper: SessionKeeper;
  readonly committer: FencedCommitter;
  readonly store: HedgeStore;
  readonly clock: Clock;
  /** ms */
  readonly leaseDuration: number;
  readonly logger: Logger;
  readonly reports: MemberReports;
  /** @default Math.random */
  readonly random?: () => number;
}

/**
 * Renews the session while it holds anything, and ends it on the first tick of the event loop after its deadline. A
 * renewal is armed only after the renewal before it has ended, never by an interval.
 */
export class SessionRenewer {
  readonly #random: () => number;
  readonly #backoff: Backoff;
  /** Each renewal arms the next. None of them belongs to the trace of the request that took the first lock. */
  readonly #outside = new AsyncResource('HedgeSession');
  #renewal: Timer | undefined;
  #watch: Timer | undefined;
  #renewing: Session | undefined;
  #stopped = false;
  #failing = false;

  constructor(private readonly parts: SessionRenewerParts) {
    const { leaseDuration, random = Math.random } = parts;
    this.#random = random;
    this.#backoff = new Backoff(20, leaseDuration / 10, random);
  }

  /** To be called whenever something new is held. */
  arm(): void {
    if (this.#stopped) return;
    this.#outside.runInAsyncScope(() => {
      this.#armWatch();
      if (!this.#renewal && !this.#renewing) this.#armRenewal();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#renewal?.cancel();
    this.#watch?.cancel();
  }

  /** Looks at the clocks at least ten times a lease: a timer alone would sleep through a jump of the wall clock. */
  #armWatch(): void {
    const { keeper, clock, leaseDuration } = this.parts;
    this.#watch?.cancel();
    const session = keeper.current;
    if (this.#stopped || !session) return;
    const wait = Math.max(1, Math.min(session.remaining(), leaseDuration / 10));
    this.#watch = clock.after(wait, () => this.#armWatch());
  }

  #armRenewal(delay?: number): void {
    const { keeper, clock } = this.parts;
    this.#renewal = undefined;
    const session = keeper.current;
    // A fresh one has no row yet that could be renewed: its acquire arms this again.
    if (this.#stopped || !session || session.isIdle || session.isFresh) return;
    this.#renewal = clock.after(delay ?? this.#untilDue(session), () => {
      this.#renewal = undefined;
      void this.#renew();
    });
  }

  /** A third of the lease after the last commit that renewed it, a little earlier on some members than on others. */
  #untilDue(session: Session): number {
    const { clock, leaseDuration } = this.parts;
    const interval = (leaseDuration / 3) * (0.85 + 0.15 * this.#random());
    const elapsed = clock.now().monotonic - session.lastRenewal.monotonic;
    return Math.max(0, interval - elapsed);
  }

  async #renew(): Promise<void> {
    const { keeper, leaseDuration } = this.parts;
    const session = keeper.current;
    // A fresh one has no row yet: not finding it would end the session under the acquire that is to write it.
    if (!session || session.isIdle || session.isFresh) return;
    // A commit of the log may have renewed it since this was armed.
    if (this.#untilDue(session) > leaseDuration / 20) return this.#armRenewal();
    this.#renewing = session;
    let delay: number | undefined;
    try {
      delay = await this.#attempt(session);
    } finally {
      // Whatever happened (a logger of the app that throws), a session that is held goes on being renewed.
      this.#renewing = undefined;
      this.#armRenewal(delay);
    }
  }

  /** @returns ms until the next attempt, or undefined for the usual interval */
  async #attempt(session: Session): Promise<number | undefined> {
    const { committer, leaseDuration, reports } = this.parts;
    try {
      const timeout = Math.min(session.remaining(), attemptTimeoutOf(leaseDuration));
      const fenceChecks = watchedFences(session).map((fence) => fenceCheck(session, fence));
      await reports.timed(
        'nestjs-hedge:session.renewal',
        () => committer.commitOnce(session, fenceChecks, { timeout, isUrgent: true }),
        () => ({}),
      );
      this.#backoff.reset();
      this.#failing = false;
      return undefined;
    } catch (error) {
      if (session.hasEnded) return undefined;
      if (error instanceof StoreError && error.failure === 'aborted') return this.#random() * 20;
      this.#report(session, error);
      if (error instanceof StoreError && error.failure === 'row-missing') {
        await this.#confirm(session);
      }
      return this.#backoff.next();
    }
  }

  /** NOT_FOUND has many causes: lost is only what a read shows to be missing (CONFIRM-BY-READ). */
  async #confirm(session: Session): Promise<void> {
    const { keeper, store, leaseDuration } = this.parts;
    try {
      const timeout = attemptTimeoutOf(leaseDuration);
      const fences = watchedFences(session);
      const names = [session.row, ...fences.map(({ row }) => row)];
      const standing = (await store.rows({ names }, { timeout, isUrgent: true })).map(
        ({ name }) => name,
      );
      if (!standing.includes(session.row)) return keeper.end(session, 'session-gone');
      for (const fence of fences) {
        if (!standing.includes(fence.row)) keeper.lose(session, fence);
      }
    } catch (error) {
      this.#report(session, error);
    }
  }

  /** Once per outage aloud: a store that is away for minutes must not fill the log. */
  #report(session: Session, error: unknown): void {
    const { logger } = this.parts;
    const text = RENEWAL_FAILED(session.remaining(), error);
    if (this.#failing) logger.debug(text);
    else logger.warn(text);
    this.#failing = true;
  }
}

/**
 * What every renewal confirms. A leader that does nothing else would not notice that its fence is gone, and the
 * others, hearing its heartbeats, would not look.
 */
function watchedFences({ fences }: Session): Fence[] {
  return [...fences].filter(({ heartbeatRow }) => heartbeatRow !== undefined);
}
