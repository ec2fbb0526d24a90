import { ABORTED, HedgeError, StoreError, TIMED_OUT } from '../errors/index.js';
import { attemptTimeoutOf, type SessionKeeper, type SessionRenewer } from '../session/index.js';
import { Backoff, sleep, type Clock } from '../time/index.js';
import type { HedgeStore } from '../store/index.js';
import { acquireQuery, decideAcquire, type AcquireAnswer } from './acquire.decision.js';
import type { LockReleaser } from './lock.releaser.js';
import type { Holder, Place } from './place.js';
import { Term } from './term.js';

export type AcquireOutcome =
  | {
      readonly kind: 'acquired';
      readonly term: Term;
      /** ms for which nobody else can have it unless something is given back. 0: there is room for more. */
      readonly busyFor: number;
    }
  | { readonly kind: 'held'; readonly holder: Holder };

export interface AcquireLimits {
  /** ms until the acquire is given up. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Called when what landed of an acquire that was given up, if anything did, has been given back. */
  readonly undone?: () => void;
}

/** Asks the store for a lock or a permit, once, and settles what the answer was however the connection behaves. */
export class LockAcquirer {
  constructor(
    private readonly store: HedgeStore,
    private readonly keeper: SessionKeeper,
    private readonly renewer: SessionRenewer,
    private readonly releaser: LockReleaser,
    private readonly clock: Clock,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Takes the place if there is room.
   * @throws HedgeError `TIMEOUT`, `ABORTED`, `STORE_INVALID`, `STORE_UNAVAILABLE`, and what the place refuses with
   */
  async acquire(place: Place, limits: AcquireLimits): Promise<AcquireOutcome> {
    const until = this.clock.now().monotonic + limits.timeout;
    for (;;) {
      const session = this.keeper.open();
      const term = new Term(place, session);
      session.beginAcquire();
      try {
        const outcome = await this.#attempts(term, until, limits);
        if (outcome !== 'session-gone') return outcome;
      } finally {
        this.releaser.endAcquire(session);
      }
    }
  }

  /** Repeats the same acquire, under the same term id, until its outcome is known or it is given up (SAME-TERM-AGAIN). */
  async #attempts(
    term: Term,
    until: number,
    limits: AcquireLimits,
  ): Promise<AcquireOutcome | 'session-gone'> {
    const { signal } = limits;
    const backoff = new Backoff(10, 200, this.random);
    let mayHaveLanded = false;
    try {
      for (;;) {
        const timeout = this.#timeLeft(acquiring(term), until, signal);
        if (!term.session.isUsable()) return 'session-gone';
        try {
          const attemptTimeout = Math.min(timeout, this.#attemptTimeout(term));
          const outcome = await this.#attempt(term, { ...limits, timeout: attemptTimeout });
          if (outcome !== 'out-of-date') return outcome;
        } catch (error) {
          if (!isRepeatable(error)) throw error;
          mayHaveLanded ||= error.failure === 'unavailable';
        }
        // Timers are not in step with the clock: of what is left they must not leave the same again.
        const left = Math.max(1, until - this.clock.now().monotonic);
        await sleep(this.clock, Math.min(backoff.next(), left), signal);
      }
    } finally {
      if (mayHaveLanded && !term.isHeld()) void this.releaser.settle(term).then(limits.undone);
    }
  }

  /** A request that is lost must leave time for another one before the session ends. */
  #attemptTimeout({ session }: Term): number {
    const { leaseDuration } = session.owner;
    return Math.min(Math.max(500, attemptTimeoutOf(leaseDuration)), session.remaining());
  }

  async #attempt(
    term: Term,
    limits: AcquireLimits,
  ): Promise<AcquireOutcome | 'session-gone' | 'out-of-date'> {
    const sentAt = this.clock.now();
    const wasFresh = term.session.isFresh;
    const { timeout, signal } = limits;
    const { result, timestamp } = await this.store.transact<AcquireAnswer>(
      acquireQuery(term),
      (rows) => decideAcquire(term, rows),
      { timeout, signal },
    );
    switch (result.kind) {
      case 'held':
        return result;
      case 'refused':
        throw result.error;
      case 'session-gone':
        // Another acquire began it in the meantime, perhaps after this one had looked for its row.
        if (wasFresh && !term.session.isFresh) return 'out-of-date';
        this.keeper.end(term.session, 'session-gone');
        return 'session-gone';
      case 'mine':
        this.keeper.confirmed(term.session);
        return this.#begin(term, result.token, result.busyFor, limits);
      case 'acquired':
        this.keeper.renewed(term.session, sentAt);
        return this.#begin(term, timestamp!, result.busyFor, limits);
    }
  }

  #begin(
    term: Term,
    token: bigint,
    busyFor: number,
    { signal, undone }: AcquireLimits,
  ): AcquireOutcome | 'session-gone' {
    term.begin(token);
    if (!this.keeper.hold(term.session, term)) {
      // It took the store longer than the session had: what landed would keep everybody out for a lease.
      void this.releaser.discard(term).then(undone);
      return 'session-gone';
    }
    this.renewer.arm();
    if (signal?.aborted) {
      void this.releaser.release(term, 'released').then(undone);
      throw new HedgeError('ABORTED', ABORTED(acquiring(term)), { cause: signal.reason });
    }
    return { kind: 'acquired', term, busyFor };
  }

  #timeLeft(name: string, until: number, signal: AbortSignal | undefined): number {
    if (signal?.aborted) {
      throw new HedgeError('ABORTED', ABORTED(name), { cause: signal.reason });
    }
    const left = until - this.clock.now().monotonic;
    if (left <= 0) throw new HedgeError('TIMEOUT', TIMED_OUT(name));
    return left;
  }
}

function acquiring({ place }: Term): string {
  return `acquiring ${place.label}`;
}

function isRepeatable(error: unknown): error is StoreError {
  return (
    error instanceof StoreError &&
    ['aborted', 'unavailable', 'given-up', 'row-exists', 'row-missing'].includes(error.failure)
  );
}
