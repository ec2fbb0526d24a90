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

  /** Call it whenever the session holds something new. */
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

  /** Looks at the clocks at least ten times per lease: a timer alone would miss a jump of the wall clock. */
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
    // A fresh session has no row to renew. Its acquire arms the renewer again.
    if (this.#stopped || !session || session.isIdle || session.isFresh) return;
    this.#renewal = clock.after(delay ?? this.#untilDue(session), () => {
      this.#renewal = undefined;
      void this.#renew();
    });
  }

  /** ms until a third of the lease has passed since the last renewal. Jitter keeps members out of step. */
  #untilDue(session: Session): number {
    const { clock, leaseDuration } = this.parts;
    const interval = (leaseDuration / 3) * (0.85 + 0.15 * this.#random());
    const elapsed = clock.now().monotonic - session.lastRenewal.monotonic;
    return Math.max(0, interval - elapsed);
  }

  async #renew(): Promise<void> {
    const { keeper, leaseDuration } = this.parts;
    const session = keeper.current;
    // A fresh session has no row yet. A renewal would miss it, and end the session under its own acquire.
    if (!session || session.isIdle || session.isFresh) return;
    // A commit of the log may have renewed the session since this timer was armed.
    if (this.#untilDue(session) > leaseDuration / 20) return this.#armRenewal();
    this.#renewing = session;
    let delay: number | undefined;
    try {
      delay = await this.#attempt(session);
    } finally {
      // The renewals go on whatever happened: even if the app's own logger throws.
      this.#renewing = undefined;
      this.#armRenewal(delay);
    }
  }

  /** @returns ms until the next attempt; undefined: the usual interval */
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

  /** NOT_FOUND has many causes. Only a read shows whether the session or a fence is gone (CONFIRM-BY-READ). */
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

  /** Warns once per outage, so that a long outage does not fill the log. */
  #report(session: Session, error: unknown): void {
    const { logger } = this.parts;
    const text = RENEWAL_FAILED(session.remaining(), error);
    if (this.#failing) logger.debug(text);
    else logger.warn(text);
    this.#failing = true;
  }
}

/**
 * The fences that every renewal checks. Without that, an idle leader would not notice that its fence is gone. The
 * others would not look either, because they get its heartbeats.
 */
function watchedFences({ fences }: Session): Fence[] {
  return [...fences].filter(({ heartbeatRow }) => heartbeatRow !== undefined);
}
