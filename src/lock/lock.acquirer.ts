import { ABORTED, HedgeError, StoreError, TIMED_OUT } from '../errors/index.js';
import { attemptTimeoutOf, type SessionKeeper, type SessionRenewer } from '../session/index.js';
import { Backoff, sleep, TimeLimit, type Clock } from '../time/index.js';
import type { HedgeStore } from '../store/index.js';
import { acquireQuery, decideAcquire, type AcquireAnswer } from './acquire.decision.js';
import type { LockReleaser } from './lock.releaser.js';
import type { Holder, Resource } from './resource.js';
import { Term } from './term.js';

export type AcquireOutcome =
  | {
      readonly kind: 'acquired';
      readonly term: Term;
      /** ms for which the resource is full, unless a holder gives back. 0: more holders fit. */
      readonly busyFor: number;
    }
  | { readonly kind: 'held'; readonly holder: Holder };

export interface AcquireLimits {
  /** ms */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Called after a failed acquire, when the rows that it may have written are gone again. */
  readonly undone?: () => void;
}

export interface LockAcquirerParts {
  readonly store: HedgeStore;
  readonly keeper: SessionKeeper;
  readonly renewer: SessionRenewer;
  readonly releaser: LockReleaser;
  readonly clock: Clock;
  /** @default Math.random */
  readonly random?: () => number;
}

/**
 * Acquires a resource in the store. It repeats the acquire until the outcome is known, however the connection behaves.
 */
export class LockAcquirer {
  constructor(private readonly parts: LockAcquirerParts) {}

  /**
   * Acquires the resource if it is free. Does not wait for its holders.
   * @throws HedgeError `TIMEOUT`, `ABORTED`, `STORE_INVALID`, `STORE_UNAVAILABLE`, and the resource's own refusal
   */
  async acquire(resource: Resource, limits: AcquireLimits): Promise<AcquireOutcome> {
    const { clock, keeper, releaser } = this.parts;
    const limit = new TimeLimit(clock, limits.timeout);
    for (;;) {
      const session = keeper.open();
      const term = new Term(resource, session);
      session.beginAcquire();
      try {
        const outcome = await this.#attempts(term, limit, limits);
        if (outcome !== 'session-gone') return outcome;
      } finally {
        releaser.endAcquire(session);
      }
    }
  }

  /**
   * Repeats the same acquire, under the same term id, until its outcome is known or its time is over (SAME-TERM-AGAIN).
   */
  async #attempts(
    term: Term,
    limit: TimeLimit,
    limits: AcquireLimits,
  ): Promise<AcquireOutcome | 'session-gone'> {
    const { clock, releaser, random } = this.parts;
    const { signal, undone } = limits;
    const backoff = new Backoff(10, 200, random);
    let mayHaveLanded = false;
    try {
      for (;;) {
        const left = timeLeft(acquiring(term), limit, signal);
        if (!term.session.isUsable()) return 'session-gone';
        try {
          const timeout = Math.min(left, attemptTimeout(term));
          const outcome = await this.#attempt(term, { ...limits, timeout });
          if (outcome !== 'out-of-date') return outcome;
        } catch (error) {
          if (!isRepeatable(error)) throw error;
          mayHaveLanded ||= error.failure === 'unavailable';
        }
        // A timer may fire before the clock says so. At least 1 ms: with 0 ms this would be a loop without a pause.
        await sleep(clock, Math.min(backoff.next(), Math.max(1, limit.left)), signal);
      }
    } finally {
      if (mayHaveLanded && !term.isHeld()) void releaser.settle(term).then(undone);
    }
  }

  async #attempt(
    term: Term,
    limits: AcquireLimits,
  ): Promise<AcquireOutcome | 'session-gone' | 'out-of-date'> {
    const { clock, keeper, store } = this.parts;
    const sentAt = clock.now();
    const wasFresh = term.session.isFresh;
    const { timeout, signal } = limits;
    const { result, timestamp } = await store.transact<AcquireAnswer>(
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
        // Another acquire began the session meanwhile, perhaps after this one had read the rows.
        if (wasFresh && !term.session.isFresh) return 'out-of-date';
        keeper.end(term.session, 'session-gone');
        return 'session-gone';
      case 'mine':
        keeper.confirmed(term.session);
        return this.#begin(term, result.token, result.busyFor, limits);
      case 'acquired':
        keeper.renewed(term.session, sentAt);
        return this.#begin(term, timestamp!, result.busyFor, limits);
    }
  }

  #begin(
    term: Term,
    token: bigint,
    busyFor: number,
    { signal, undone }: AcquireLimits,
  ): AcquireOutcome | 'session-gone' {
    const { keeper, releaser, renewer } = this.parts;
    term.begin(token);
    if (!keeper.hold(term.session, term)) {
      // The session ended before the store answered. The rows that landed would keep everyone out for a lease.
      void releaser.discard(term).then(undone);
      return 'session-gone';
    }
    renewer.arm();
    if (signal?.aborted) {
      void releaser.release(term, 'released').then(undone);
      throw new HedgeError('ABORTED', ABORTED(acquiring(term)), { cause: signal.reason });
    }
    return { kind: 'acquired', term, busyFor };
  }
}

/**
 * ms, above 0.
 * @throws HedgeError `ABORTED`, `TIMEOUT`
 */
function timeLeft(name: string, { left }: TimeLimit, signal: AbortSignal | undefined): number {
  if (signal?.aborted) throw new HedgeError('ABORTED', ABORTED(name), { cause: signal.reason });
  if (left > 0) return left;
  throw new HedgeError('TIMEOUT', TIMED_OUT(name));
}

/** ms. A request that is lost leaves time for another before the session ends. */
function attemptTimeout({ session }: Term): number {
  const { leaseDuration } = session.owner;
  return Math.min(Math.max(500, attemptTimeoutOf(leaseDuration)), session.remaining());
}

function acquiring({ resource }: Term): string {
  return `acquiring ${resource.label}`;
}

function isRepeatable(error: unknown): error is StoreError {
  return (
    error instanceof StoreError &&
    ['aborted', 'unavailable', 'given-up', 'row-exists', 'row-missing'].includes(error.failure)
  );
}
