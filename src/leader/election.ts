import type { Logger } from '@nestjs/common';
import { hasCode, HedgeError } from '../errors/index.js';
import {
  blockerOf,
  groupLock,
  HELD_BY_NEWER_ROW,
  resourceQuery,
  type Holder,
  type LivingHolder,
  type LockAcquirer,
  type LockReleaser,
  type Resource,
  type Term,
} from '../lock/index.js';
import type { LossReason } from '../session/index.js';
import type { HedgeStore } from '../store/index.js';
import { LOSING_FAILED } from './leader.messages.js';
import { Backoff, sleep, TimeLimit, type Clock } from '../time/index.js';
import type { LeaderView } from './leader.view.js';
import { NamesakeCheck } from './namesake.check.js';
import { OutageReporter } from './outage.reporter.js';
import { ReleaseAllowance } from './release.allowance.js';

export interface ElectionOptions {
  readonly group: string;
  readonly id: () => string;
  /** ms */
  readonly leaseDuration: number;
  readonly candidate: boolean;
  /** How many candidates come before this member when the leader `gone` is gone. */
  readonly rank: (gone: string) => number;
}

/** Hears of the terms in which this member leads. */
export interface ElectionListener {
  gained(term: Term): void;
  /** Awaited before the lock is given back. */
  lost(term: Term, reason: LossReason): Promise<void>;
  /** The lock was given back: another member may have it now. */
  released(): Promise<void>;
}

export interface ElectionParts {
  readonly options: ElectionOptions;
  readonly store: HedgeStore;
  readonly acquirer: LockAcquirer;
  readonly releaser: LockReleaser;
  readonly view: LeaderView;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: ElectionListener;
  /** @default Math.random */
  readonly random?: () => number;
}

/** ms between the first candidate and the next: an acquire takes about as long, with the announcement of it. */
const RANK_STEP = 25;

/**
 * Takes the group's lock when it is free. While another member holds it, sleeps until the expiry that the store or the
 * leader told, or until {@link lookNow}.
 */
export class Election {
  readonly #lock: Resource;
  readonly #random: () => number;
  readonly #stop = new AbortController();
  readonly #abstaining = new AbortController();
  readonly #allowance: ReleaseAllowance;
  readonly #idleBackoff: Backoff;
  readonly #namesakes: NamesakeCheck;
  readonly #outage: OutageReporter;
  #wake = new AbortController();
  #campaign: Promise<unknown> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();
  #term: Term | undefined;
  #givingBack: Promise<void> = Promise.resolve();
  /** After stepping down: the time in which this member lets the others go first. */
  #standBack: TimeLimit | undefined;
  /** The newest token that superseded a term of this member, and the newest such token that proved wrong. */
  #superseding = -1n;
  #disproved = -1n;

  constructor(private readonly parts: ElectionParts) {
    const { options, clock, logger, random = Math.random } = parts;
    const { group, id, leaseDuration } = options;
    this.#lock = groupLock(group);
    this.#random = random;
    this.#allowance = new ReleaseAllowance(clock);
    this.#idleBackoff = new Backoff(50, leaseDuration / 4, random);
    this.#namesakes = new NamesakeCheck({ id, leaseDuration, clock, logger });
    this.#outage = new OutageReporter(logger);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** The term in which this member leads now. Compares clocks at the call. */
  get term(): Term | undefined {
    return this.#term?.isHeld() ? this.#term : undefined;
  }

  /** The leader may have changed, or be gone: looks at the store now, not at the expiry. */
  lookNow(): void {
    this.#wake.abort();
  }

  /**
   * Gives leadership back, and lets the others go first for half a lease, at most 2 s. Resolves when the store has
   * taken the lock back.
   */
  async stepDown(reason: LossReason): Promise<void> {
    const { term } = this;
    // Also waits for a lock that is being given back already.
    await (term ? this.#giveBack(term, reason) : this.#givingBack);
  }

  /**
   * Another member knows a term with this token. If it is newer, this member's own term is over, whatever its clock
   * says. A token that proved wrong ends no second term: the lock was free for this member afterwards.
   */
  superseded(token: bigint): void {
    if (!this.#term || token <= this.#term.token || token <= this.#disproved) return;
    this.#superseding = token;
    void this.#giveBack(this.#term, 'superseded');
  }

  /** Begins no more terms. The current term goes on. */
  abstain(): void {
    this.#abstaining.abort();
  }

  /**
   * Gives back the current term and begins no more. Still watches which member leads.
   * @param releaseTimeout ms for the store to take the lock back: an outage must not hold up a shutdown
   */
  async retire(releaseTimeout = Infinity): Promise<void> {
    this.#allowance.limit(releaseTimeout);
    this.#abstaining.abort();
    this.#wake.abort();
    // A term that this campaign still wins is given back by its own round.
    await this.#campaign.catch(() => undefined);
    if (this.#term) await this.#giveBack(this.#term, 'shutdown');
    await this.#givingBack;
    // After an acquire was given up, the releaser still settles it.
    await this.parts.releaser.finished(this.#allowance.left());
  }

  /** Retires, and watches no more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.retire();
    await this.#running;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(50, 1_000, this.#random);
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#round();
        backoff.reset();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (isGivenUp(error)) continue;
        this.#outage.failed(error);
        await sleep(this.parts.clock, backoff.next(), this.#stop.signal);
      }
    }
  }

  /** Looks at the lock once: then follows its holder, tries to take it, or waits. */
  async #round(): Promise<void> {
    const { acquirer, clock, options, view } = this.parts;
    const { newestToken } = view;
    const found = await this.#look();
    if (found) {
      this.#idleBackoff.reset();
      return this.#follow(found, newestToken);
    }
    // A leader that was heard of while the store was asked stays known.
    view.forget(newestToken);
    if (!this.#mayLead()) return sleep(clock, this.#idleTime(), this.#wake.signal);
    const limits = { timeout: options.leaseDuration, signal: this.#abstaining.signal };
    const campaign = acquirer.acquire(this.#lock, limits);
    this.#campaign = campaign;
    const outcome = await campaign;
    const holder = outcome.kind === 'held' ? this.#readable(outcome.holder) : undefined;
    this.#outage.ended();
    if (holder) await this.#follow(holder, newestToken);
    else if (outcome.kind === 'acquired') await this.#lead(outcome.term);
  }

  #mayLead(): boolean {
    const { candidate } = this.parts.options;
    return candidate && !this.#abstaining.signal.aborted && this.#standBackLeft <= 0;
  }

  /** ms until the next look at a free lock that this member may not take: at most until it has stood back. */
  #idleTime(): number {
    const left = this.#standBackLeft;
    return Math.min(this.#idleBackoff.next(), left > 0 ? left : Infinity);
  }

  get #standBackLeft(): number {
    return this.#standBack?.left ?? 0;
  }

  /** Reads outside a transaction: that aborts no renewal. */
  async #look(): Promise<LivingHolder | undefined> {
    const { options, store } = this.parts;
    const query = resourceQuery(this.#lock);
    const timeout = Math.max(500, options.leaseDuration / 4);
    const rows = await store.rows(query, { timeout, signal: this.#stop.signal });
    const blocker = blockerOf(this.#lock, rows);
    const holder = blocker && this.#readable(blocker);
    // If this member goes on to take the lock, the outage may not be over: some stores can be read, but not written to.
    if (holder || !this.#mayLead()) this.#outage.ended();
    return holder;
  }

  /** @throws HedgeError `STORE_INVALID`: a later version leads, and this version cannot read which member that is */
  #readable(holder: Holder): LivingHolder {
    const { newerFormat } = holder;
    if (newerFormat === undefined) return holder;
    throw new HedgeError('STORE_INVALID', HELD_BY_NEWER_ROW(this.#lock.label, newerFormat));
  }

  /** Sleeps until the holder's session may be ended, as far as the store and other members have told by then. */
  async #follow({ address, token, remaining }: LivingHolder, newestBefore: bigint): Promise<void> {
    const { clock, options, view } = this.parts;
    // This member's own address: a former life of this process, or an acquire that it gave up and is settling. Neither
    // answers messages, and the lock is free soon.
    const isSelf = address === options.id();
    const wait = isSelf ? Math.min(remaining, options.leaseDuration / 10) : remaining;
    const told = new TimeLimit(clock, wait);
    const { signal } = this.#wake;
    if (isSelf) this.#namesakes.found(token, remaining);
    else view.confirm({ id: address, token }, remaining, newestBefore);
    const left = () => {
      const known = view.current?.token === token ? view.remaining() : 0;
      return Math.max(known, told.left);
    };
    while (left() > 0 && !signal.aborted) {
      await sleep(clock, left() + this.#stagger(address), signal);
    }
    // Also when woken early: a release wakes all members at once, and a flapping connection wakes again and again. This
    // keeps it to about twenty looks a second.
    if (signal.aborted) await sleep(clock, this.#stagger(address), this.#stop.signal);
  }

  /**
   * ms before this member looks at a lock whose holder is gone (STAGGER-BY-RANK): the first candidate takes it, and the
   * next ones have heard of that before they look. Each step lets twice as many go: if forty candidates died with the
   * leader, the next does not wait for forty steps.
   */
  #stagger(gone: string): number {
    const { rank } = this.parts.options;
    return (Math.log2(1 + rank(gone)) + this.#random() * 2) * RANK_STEP;
  }

  async #lead(term: Term): Promise<void> {
    const { listener, options, view } = this.parts;
    const ended = new Promise<void>((resolve) => {
      if (term.signal.aborted) resolve();
      else term.signal.addEventListener('abort', () => resolve());
    });
    this.#term = term;
    this.#idleBackoff.reset();
    if (this.#abstaining.signal.aborted) return this.#giveBack(term, 'shutdown');
    this.#disproved = this.#superseding;
    listener.gained(term);
    // After that: when others hear of a new leader, this member must know that it leads.
    if (this.#term === term) {
      const self = { id: options.id(), token: term.token };
      view.confirm(self, Infinity, view.newestToken);
    }
    await ended;
    if (this.#term === term) this.#givingBack = this.#ended(term);
    await this.#givingBack;
  }

  #giveBack(term: Term, reason: LossReason): Promise<void> {
    if (this.#term !== term) return this.#givingBack;
    term.lost(reason);
    this.#givingBack = this.#ended(term);
    return this.#givingBack;
  }

  async #ended(term: Term): Promise<void> {
    const { clock, listener, logger, options, releaser, view } = this.parts;
    this.#term = undefined;
    const reason = term.lossReason ?? 'released';
    view.forget(term.token);
    try {
      await listener.lost(term, reason);
    } catch (error) {
      logger.error(LOSING_FAILED(error));
    }
    await this.#allowance.wait(releaser.release(term, reason));
    // Counted from here, as hooks may have taken longer than that.
    if (reason === 'stepped-down') {
      this.#standBack = new TimeLimit(clock, Math.min(2_000, options.leaseDuration / 2));
    }
    await listener.released();
  }
}

/** The acquire was stopped because this member retires. */
function isGivenUp(error: unknown): boolean {
  return hasCode(error, 'ABORTED');
}
