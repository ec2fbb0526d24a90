import { abortWith } from '../abort.listeners.js';
import { hasCode, HedgeError } from '../errors/index.js';
import type { MemberReports } from '../hedge.channels.js';
import { repeated, type LossReason } from '../session/index.js';
import { TimeLimit, type Clock, type WaitLimits } from '../time/index.js';
import type { HedgeStore } from '../store/index.js';
import { AcquireMutex } from './acquire.mutex.js';
import type { AcquireOutcome, LockAcquirer } from './lock.acquirer.js';
import { STILL_HELD, STILL_HELD_BY_NEWER_ROW } from './lock.messages.js';
import type { LockReleaser } from './lock.releaser.js';
import type { LossReport } from './loss.report.js';
import type { Holder, Resource } from './resource.js';
import { blockerOf, resourceQuery } from './resource.state.js';
import type { Term } from './term.js';
import type { WaitingLine } from './waiting.line.js';

export interface MemberLocksParts {
  readonly store: HedgeStore;
  readonly acquirer: LockAcquirer;
  readonly releaser: LockReleaser;
  readonly line: WaitingLine;
  readonly clock: Clock;
  readonly losses: LossReport;
  readonly reports: MemberReports;
  /** Why this member takes no locks now; undefined while it runs. */
  readonly notRunning: () => HedgeError | undefined;
}

/** The locks and permits that this member waits for and holds. Waiters stand in line; the store decides. */
export class MemberLocks {
  /** Calls that have not settled. Aborting the controller ends the call. */
  readonly #calls = new Map<AbortController, Promise<unknown>>();
  readonly #held = new Set<Term>();
  readonly #mutex: AcquireMutex;
  #refusal: HedgeError | undefined;

  constructor(private readonly parts: MemberLocksParts) {
    this.#mutex = new AcquireMutex(parts.clock);
  }

  /**
   * Waits for its turn, then takes the resource.
   * @throws HedgeError `TIMEOUT`, `ABORTED`, `NOT_RUNNING`, `STORE_UNAVAILABLE`, `STORE_INVALID`, and the resource's
   *   own refusal
   */
  acquire(resource: Resource, limits: WaitLimits): Promise<Term> {
    return this.parts.reports.timed(
      'nestjs-hedge:lock.acquire',
      () => this.#call(limits, (own) => this.#waitFor(resource, own)),
      (term) => ({ ...named(resource), waits: true, isAcquired: term !== undefined }),
    );
  }

  /** Takes the resource if it is free. It does not wait or stand in line, so it may overtake waiters. */
  async tryAcquire(resource: Resource, limits: WaitLimits): Promise<Term | undefined> {
    const outcome = await this.attempt(resource, limits);
    return outcome.kind === 'acquired' ? outcome.term : undefined;
  }

  /** As {@link tryAcquire}, and names the holder. It reads first: a transaction disturbs the holder's renewals. */
  attempt(resource: Resource, limits: WaitLimits): Promise<AcquireOutcome> {
    return this.parts.reports.timed(
      'nestjs-hedge:lock.acquire',
      () => this.#call(limits, (own) => this.#ask(resource, 'look', own)),
      (outcome) => ({ ...named(resource), waits: false, isAcquired: outcome?.kind === 'acquired' }),
    );
  }

  /** Gives the term back. Resolves when the store has deleted its rows. Never rejects; does nothing after its end. */
  async release(term: Term, reason: LossReason = 'released'): Promise<void> {
    const { releaser, line } = this.parts;
    if (term.lossReason !== undefined) return;
    if (!term.isHeld()) return releaser.release(term, 'expired');
    await releaser.release(term, reason);
    line.freed(term.resource);
  }

  /** Rejects current and later calls. Held locks are kept. Resolves when the waiters have left their lines. */
  async stop(refusal: HedgeError): Promise<void> {
    this.#refusal = refusal;
    for (const call of this.#calls.keys()) call.abort();
    await Promise.allSettled(this.#calls.values());
  }

  /**
   * Gives back everything that is held. Resolves when other members can take it, and after one attempt to delete the
   * rows.
   */
  async releaseAll(reason: LossReason): Promise<void> {
    const { releaser, line } = this.parts;
    const held = [...this.#held];
    if (held.length === 0) return;
    await releaser.endSession(reason);
    for (const { resource } of held) line.freed(resource);
    await releaser.tidyUp(held);
  }

  get #refused(): HedgeError | undefined {
    return this.parts.notRunning() ?? this.#refusal;
  }

  /** Runs a call until the caller's signal or {@link stop} ends it. The error says which of the two did. */
  async #call<T>(
    { timeout, signal }: WaitLimits,
    work: (limits: WaitLimits) => Promise<T>,
  ): Promise<T> {
    const refusal = this.#refused;
    if (refusal) throw refusal;
    const call = new AbortController();
    const unlisten = abortWith(signal, call);
    try {
      const outcome = work({ timeout, signal: call.signal });
      this.#calls.set(call, outcome);
      return await outcome;
    } catch (error) {
      throw hasCode(error, 'ABORTED') && !signal?.aborted ? (this.#refused ?? error) : error;
    } finally {
      unlisten();
      this.#calls.delete(call);
    }
  }

  async #waitFor(resource: Resource, { timeout, signal }: WaitLimits): Promise<Term> {
    const { clock, line } = this.parts;
    const limit = new TimeLimit(clock, timeout);
    const limits = () => ({ timeout: limit.left, signal });
    const waiter = line.join(resource);
    let holder: Holder | undefined;
    try {
      for (;;) {
        const turn = await waiter.turn(limits(), holder?.remaining);
        const outcome = await this.#ask(resource, turn, limits());
        if (outcome.kind === 'acquired') {
          waiter.taken(outcome.busyFor);
          return outcome.term;
        }
        holder = outcome.holder;
      }
    } catch (error) {
      waiter.leave();
      if (!holder || !hasCode(error, 'TIMEOUT')) throw error;
      throw new HedgeError('TIMEOUT', stillHeld(resource, timeout, holder), { cause: error });
    }
  }

  async #ask(
    resource: Resource,
    turn: 'take' | 'look',
    { timeout, signal }: WaitLimits,
  ): Promise<AcquireOutcome> {
    const { acquirer, clock, line } = this.parts;
    const limit = new TimeLimit(clock, timeout);
    const limits = () => ({ timeout: limit.left, signal });
    const holder = turn === 'look' ? await this.#look(resource, limits()) : undefined;
    if (holder) return { kind: 'held', holder };
    // The next waiter may have met this acquire in the store, and waits for the end of its session.
    const undone = () => line.freed(resource);
    const outcome = await this.#mutex.run(limits(), `acquiring ${resource.label}`, () =>
      acquirer.acquire(resource, { ...limits(), undone }),
    );
    if (outcome.kind === 'acquired') this.#hold(outcome.term);
    return outcome;
  }

  /** The holder in the way, by a plain read. */
  async #look(resource: Resource, limits: WaitLimits): Promise<Holder | undefined> {
    const { store, clock } = this.parts;
    const rows = await repeated(clock, limits, (call) => store.rows(resourceQuery(resource), call));
    return blockerOf(resource, rows);
  }

  #hold(term: Term): void {
    const { losses } = this.parts;
    const refusal = this.#refused;
    if (refusal) {
      // The acquire landed while the member was closing: releaseAll() did not see this term.
      void this.release(term, 'shutdown');
      throw refusal;
    }
    // The term may have ended since the store answered.
    if (term.signal.aborted) return losses.add(term);
    this.#held.add(term);
    term.signal.addEventListener('abort', () => {
      this.#held.delete(term);
      losses.add(term);
    });
  }
}

function stillHeld({ label }: Resource, timeout: number, holder: Holder): string {
  const { newerFormat } = holder;
  if (newerFormat === undefined) return STILL_HELD(label, timeout, holder.address);
  return STILL_HELD_BY_NEWER_ROW(label, timeout, newerFormat);
}

function named({ kind, name }: Resource): Pick<Resource, 'kind' | 'name'> {
  return { kind, name };
}
