import { abortWith } from '../abort.listeners.js';
import { hasCode, HedgeError } from '../errors/index.js';
import type { MemberReports } from '../hedge.channels.js';
import { repeated, type LossReason } from '../session/index.js';
import type { Clock, WaitLimits } from '../time/index.js';
import type { HedgeStore } from '../store/index.js';
import { AcquireTurns } from './acquire.turns.js';
import type { AcquireOutcome, LockAcquirer } from './lock.acquirer.js';
import { STILL_HELD } from './lock.messages.js';
import type { LockReleaser } from './lock.releaser.js';
import type { LossReport } from './loss.report.js';
import type { Holder, Place } from './place.js';
import { blockerOf, placeQuery } from './place.state.js';
import type { Term } from './term.js';
import type { WaitingLine } from './waiting.line.js';

/** All of this member who want, or hold, a lock or a permit: they wait in line, the store decides. */
export class MemberLocks {
  readonly #contests = new Map<AbortController, Promise<unknown>>();
  readonly #held = new Set<Term>();
  readonly #turns: AcquireTurns;
  #refusal: HedgeError | undefined;

  constructor(
    private readonly store: HedgeStore,
    private readonly acquirer: LockAcquirer,
    private readonly releaser: LockReleaser,
    private readonly line: WaitingLine,
    private readonly clock: Clock,
    private readonly losses: LossReport,
    private readonly reports: MemberReports,
    private readonly notRunning: () => HedgeError | undefined,
  ) {
    this.#turns = new AcquireTurns(clock);
  }

  /**
   * Waits for its turn, and takes the place then.
   * @throws HedgeError `TIMEOUT`, `ABORTED`, `NOT_RUNNING`, `STORE_UNAVAILABLE`, `STORE_INVALID`, and what the place
   *   refuses with
   */
  acquire(place: Place, limits: WaitLimits): Promise<Term> {
    return this.reports.timed(
      'nestjs-hedge:lock.acquire',
      () => this.#contest(limits, (own) => this.#waitFor(place, own)),
      (term) => ({ ...named(place), waits: true, isAcquired: term !== undefined }),
    );
  }

  /** Takes the place if there is room. Neither waits nor stands in line: it may overtake those that do. */
  async tryAcquire(place: Place, limits: WaitLimits): Promise<Term | undefined> {
    const outcome = await this.attempt(place, limits);
    return outcome.kind === 'acquired' ? outcome.term : undefined;
  }

  /** The same, and says who holds it otherwise. A look comes first: a transaction would disturb the holder's renewals. */
  attempt(place: Place, limits: WaitLimits): Promise<AcquireOutcome> {
    return this.reports.timed(
      'nestjs-hedge:lock.acquire',
      () => this.#contest(limits, (own) => this.#ask(place, 'look', own)),
      (outcome) => ({ ...named(place), waits: false, isAcquired: outcome?.kind === 'acquired' }),
    );
  }

  /** Gives it back; resolves when the store has it. Never rejects, and does nothing for what is over already. */
  async release(term: Term, reason: LossReason = 'released'): Promise<void> {
    if (term.lossReason !== undefined) return;
    if (!term.isHeld()) return this.releaser.release(term, 'expired');
    await this.releaser.release(term, reason);
    this.line.freed(term.place);
  }

  /**
   * Whoever waits is refused, and who comes later; what is held stays. Resolves when those that waited have left their
   * lines.
   */
  async stop(refusal: HedgeError): Promise<void> {
    this.#refusal = refusal;
    for (const contest of this.#contests.keys()) contest.abort();
    await Promise.allSettled(this.#contests.values());
  }

  /** Gives back all that is held; resolves when the others can have it and its rows are gone, as far as they will go. */
  async releaseAll(reason: LossReason): Promise<void> {
    const held = [...this.#held];
    if (held.length === 0) return;
    await this.releaser.endSession(reason);
    for (const { place } of held) this.line.freed(place);
    await this.releaser.tidyUp(held);
  }

  get #refused(): HedgeError | undefined {
    return this.notRunning() ?? this.#refusal;
  }

  /** Ends by the caller's signal as by the end of the member, and says by which. */
  async #contest<T>(
    { timeout, signal }: WaitLimits,
    work: (limits: WaitLimits) => Promise<T>,
  ): Promise<T> {
    const refusal = this.#refused;
    if (refusal) throw refusal;
    const contest = new AbortController();
    const unlisten = abortWith(signal, contest);
    try {
      const outcome = work({ timeout, signal: contest.signal });
      this.#contests.set(contest, outcome);
      return await outcome;
    } catch (error) {
      throw hasCode(error, 'ABORTED') && !signal?.aborted ? (this.#refused ?? error) : error;
    } finally {
      unlisten();
      this.#contests.delete(contest);
    }
  }

  async #waitFor(place: Place, { timeout, signal }: WaitLimits): Promise<Term> {
    const until = this.clock.now().monotonic + timeout;
    const left = () => ({ timeout: Math.max(0, until - this.clock.now().monotonic), signal });
    const ticket = this.line.join(place);
    let holder: Holder | undefined;
    try {
      for (;;) {
        const turn = await ticket.turn(left(), holder?.remaining);
        const outcome = await this.#ask(place, turn, left());
        if (outcome.kind === 'acquired') {
          ticket.taken(outcome.busyFor);
          return outcome.term;
        }
        holder = outcome.holder;
      }
    } catch (error) {
      ticket.leave();
      if (!holder || !hasCode(error, 'TIMEOUT')) throw error;
      const text = STILL_HELD(place.label, timeout, holder.address);
      throw new HedgeError('TIMEOUT', text, { cause: error });
    }
  }

  async #ask(place: Place, turn: 'take' | 'look', limits: WaitLimits): Promise<AcquireOutcome> {
    const until = this.clock.now().monotonic + limits.timeout;
    const holder = turn === 'look' ? await this.#look(place, limits) : undefined;
    if (holder) return { kind: 'held', holder };
    const left = () => ({ ...limits, timeout: until - this.clock.now().monotonic });
    // Whoever came next may have met it, and waits for the end of its session since.
    const undone = () => this.line.freed(place);
    const outcome = await this.#turns.take(left(), `acquiring ${place.label}`, () =>
      this.acquirer.acquire(place, { ...left(), undone }),
    );
    if (outcome.kind === 'acquired') this.#hold(outcome.term);
    return outcome;
  }

  /** Who is in the way, by a plain read. */
  async #look(place: Place, limits: WaitLimits): Promise<Holder | undefined> {
    const rows = await repeated(this.clock, limits, (call) =>
      this.store.rows(placeQuery(place), call),
    );
    return blockerOf(place, rows);
  }

  #hold(term: Term): void {
    const refusal = this.#refused;
    if (refusal) {
      // It landed while the member was closing, and whoever gives back what is held has been here.
      void this.release(term, 'shutdown');
      throw refusal;
    }
    // It may have been lost since the store answered.
    if (term.signal.aborted) return this.losses.add(term);
    this.#held.add(term);
    term.signal.addEventListener('abort', () => {
      this.#held.delete(term);
      this.losses.add(term);
    });
  }
}

function named({ kind, name }: Place): Pick<Place, 'kind' | 'name'> {
  return { kind, name };
}
