import type { Logger } from '@nestjs/common';
import { hasCode, StoreError } from '../errors/index.js';
import {
  blockerOf,
  groupLock,
  placeQuery,
  type Holder,
  type LockAcquirer,
  type LockReleaser,
  type Place,
  type Term,
} from '../lock/index.js';
import { Backoff, sleep, type Clock } from '../time/index.js';
import type { LossReason } from '../session/index.js';
import type { HedgeStore } from '../store/index.js';
import { ADDRESS_SHARED, ELECTION_FAILED, LOSING_FAILED } from './leader.messages.js';
import type { LeaderView } from './leader.view.js';
import { ReleaseAllowance } from './release.allowance.js';

export interface ElectionOptions {
  readonly group: string;
  readonly id: () => string;
  /** ms */
  readonly leaseDuration: number;
  readonly candidate: boolean;
  /** How many candidates come before this member when `gone`, who leads until then, is gone. */
  readonly rank: (gone: string) => number;
}

/** Told of terms as leader. `lost` is awaited before the lock is given back. */
export interface ElectionListener {
  gained(term: Term): void;
  lost(term: Term, reason: LossReason): Promise<void>;
  /** The lock was given back: somebody else may have it now. */
  released(): Promise<void>;
}

/**
 * Takes the group's lock when it is free, and sleeps while it is not: until the expiry the store or the leader told,
 * or until something suggests to look earlier.
 */
export class Election {
  readonly #lock: Place;
  readonly #stop = new AbortController();
  readonly #abstaining = new AbortController();
  readonly #allowance: ReleaseAllowance;
  readonly #idleBackoff: Backoff;
  #wake = new AbortController();
  #campaign: Promise<unknown> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();
  #term: Term | undefined;
  #givingBack: Promise<void> = Promise.resolve();
  #standBackUntil = 0;
  /** The newest term that anybody claimed to supersede ours, and the newest such claim that proved wrong. */
  #claimed = -1n;
  #disproved = -1n;
  /** Who leads from this member's own address, and by when that would be over if it had died. */
  #namesake: { readonly token: bigint; readonly until: number } | undefined;
  #isShared = false;
  /** What was said of the outage that goes on. */
  #said: 'nothing' | 'away' | 'refuses' = 'nothing';

  constructor(
    private readonly options: ElectionOptions,
    private readonly store: HedgeStore,
    private readonly acquirer: LockAcquirer,
    private readonly releaser: LockReleaser,
    private readonly view: LeaderView,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly listener: ElectionListener,
    private readonly random: () => number = Math.random,
  ) {
    this.#lock = groupLock(options.group);
    this.#allowance = new ReleaseAllowance(clock);
    this.#idleBackoff = new Backoff(50, options.leaseDuration / 4, random);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** The term in which this member leads now. Compares clocks at the call. */
  get term(): Term | undefined {
    return this.#term?.isHeld() ? this.#term : undefined;
  }

  /** Something suggests that the leader has changed or gone: look at the store now rather than at the expiry. */
  lookNow(): void {
    this.#wake.abort();
  }

  /**
   * Gives leadership back, and lets the others go first for a moment: half a lease, 2 s at the most. Resolves when the
   * store has it.
   */
  async stepDown(reason: LossReason): Promise<void> {
    const { term } = this;
    // What is being given back already is waited for, too.
    await (term ? this.#giveBack(term, reason) : this.#givingBack);
  }

  /**
   * Somebody knows of a term newer than ours, so ours is over whatever our clock says. Not twice for the same claim: a
   * lock that was free for us afterwards shows that there was no such term.
   */
  superseded(token: bigint): void {
    if (!this.#term || token <= this.#term.token || token <= this.#disproved) return;
    this.#claimed = token;
    void this.#giveBack(this.#term, 'superseded');
  }

  /** Begins no more terms; the one that stands goes on. */
  abstain(): void {
    this.#abstaining.abort();
  }

  /**
   * Gives back what is held and leads no more. Goes on watching who does.
   * @param releaseTimeout ms that the store may take for it: one that is away must not hold up a shutdown
   */
  async retire(releaseTimeout = Infinity): Promise<void> {
    this.#allowance.limit(releaseTimeout);
    this.#abstaining.abort();
    this.#wake.abort();
    // What it has acquired by then, its own round has begun to give back.
    await this.#campaign.catch(() => undefined);
    if (this.#term) await this.#giveBack(this.#term, 'shutdown');
    await this.#givingBack;
    // An acquire that was given up is settled by the releaser, after its promise.
    await this.releaser.finished(this.#allowance.left());
  }

  /** Retires, and watches no more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.retire();
    await this.#running;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(50, 1_000, this.random);
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#round();
        backoff.reset();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (isGivenUp(error)) continue;
        this.#report(error);
        await sleep(this.clock, backoff.next(), this.#stop.signal);
      }
    }
  }

  /** One look at the lock, and what follows from it. */
  async #round(): Promise<void> {
    const { newestToken } = this.view;
    const found = await this.#look();
    if (found) {
      this.#idleBackoff.reset();
      return this.#follow(found, newestToken);
    }
    // Not one that was heard of while the store was asked.
    this.view.forget(newestToken);
    if (!this.#mayLead()) return sleep(this.clock, this.#idleTime(), this.#wake.signal);
    const { leaseDuration } = this.options;
    const { signal } = this.#abstaining;
    const campaign = this.acquirer.acquire(this.#lock, { timeout: leaseDuration, signal });
    this.#campaign = campaign;
    const outcome = await campaign;
    this.#said = 'nothing';
    if (outcome.kind === 'held') await this.#follow(outcome.holder, newestToken);
    else await this.#lead(outcome.term);
  }

  #mayLead(): boolean {
    const { candidate } = this.options;
    return candidate && !this.#abstaining.signal.aborted && this.#standBackLeft <= 0;
  }

  /** ms until the next look at a lock that is free, and not for this member: no longer than it stands back. */
  #idleTime(): number {
    const left = this.#standBackLeft;
    return Math.min(this.#idleBackoff.next(), left > 0 ? left : Infinity);
  }

  get #standBackLeft(): number {
    return this.#standBackUntil - this.clock.now().monotonic;
  }

  /** Outside a transaction first: it aborts nobody's renewal. */
  async #look(): Promise<Holder | undefined> {
    const { leaseDuration } = this.options;
    const query = placeQuery(this.#lock);
    const timeout = Math.max(500, leaseDuration / 4);
    const rows = await this.store.rows(query, { timeout, signal: this.#stop.signal });
    const holder = blockerOf(this.#lock, rows);
    // A lock that is free is still to be taken: a store may be read, and not written to.
    if (holder || !this.#mayLead()) this.#said = 'nothing';
    return holder;
  }

  /** Sleeps until the holder's session may be ended, as far as anybody has told by then. */
  async #follow({ address, token, remaining }: Holder, newestBefore: bigint): Promise<void> {
    const { id, leaseDuration } = this.options;
    // The same address is a former life of this very process, nobody to send anything to, or an acquire that it gave up
    // and that is being settled: then the lock is free soon.
    const isSelf = address === id();
    const wait = isSelf ? Math.min(remaining, leaseDuration / 10) : remaining;
    const until = this.clock.now().monotonic + wait;
    const { signal } = this.#wake;
    if (isSelf) this.#lookAtNamesake(token, remaining);
    else this.view.confirm({ id: address, token }, remaining, newestBefore);
    const left = () => {
      const known = this.view.current?.token === token ? this.view.remaining() : 0;
      return Math.max(known, until - this.clock.now().monotonic);
    };
    while (left() > 0 && !signal.aborted) {
      await sleep(this.clock, left() + this.#stagger(address), signal);
    }
    // Also when woken early: all are, when the lock is released. And a flapping connection wakes again and again: still
    // no more than about twenty looks a second.
    if (signal.aborted) await sleep(this.clock, this.#stagger(address), this.#stop.signal);
  }

  /** A former life of this process renews nothing any more: whoever does lives, and has the same address. */
  #lookAtNamesake(token: bigint, remaining: number): void {
    const now = this.clock.now().monotonic;
    // By its own clock: the store's is not in step with that.
    const until = now + remaining + this.options.leaseDuration;
    if (this.#namesake?.token !== token) this.#namesake = { token, until };
    if (this.#isShared || now <= this.#namesake.until) return;
    this.#isShared = true;
    this.logger.warn(ADDRESS_SHARED(this.options.id()));
  }

  /**
   * So that one candidate, not all, meets the expired row: by then the others have heard of the new leader. With each
   * step twice as many go: where the first forty died with the leader, nobody waits for forty.
   */
  #stagger(gone: string): number {
    return (Math.log2(1 + this.options.rank(gone)) + this.random() * 2) * RANK_STEP;
  }

  async #lead(term: Term): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (term.signal.aborted) resolve();
      else term.signal.addEventListener('abort', () => resolve());
    });
    this.#term = term;
    this.#idleBackoff.reset();
    if (this.#abstaining.signal.aborted) return this.#giveBack(term, 'shutdown');
    this.#disproved = this.#claimed;
    this.listener.gained(term);
    // After that, so that whoever hears of a new leader finds this member knowing that it leads.
    if (this.#term === term) {
      const self = { id: this.options.id(), token: term.token };
      this.view.confirm(self, Infinity, this.view.newestToken);
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
    this.#term = undefined;
    const reason = term.lossReason ?? 'released';
    this.view.forget(term.token);
    try {
      await this.listener.lost(term, reason);
    } catch (error) {
      this.logger.error(LOSING_FAILED(error));
    }
    await this.#allowance.wait(this.releaser.release(term, reason));
    // Counted from here: hooks may have taken longer than that.
    if (reason === 'stepped-down') this.#standBack();
    await this.listener.released();
  }

  #standBack(): void {
    const { leaseDuration } = this.options;
    this.#standBackUntil = this.clock.now().monotonic + Math.min(2_000, leaseDuration / 2);
  }

  /** Once per outage, and once more where it turns out to be one that does not end by itself. */
  #report(error: unknown): void {
    const text = ELECTION_FAILED(error);
    const refuses = error instanceof StoreError && error.failure === 'invalid';
    if (refuses && this.#said !== 'refuses') {
      this.#said = 'refuses';
      this.logger.error(text);
    } else if (this.#said === 'nothing') {
      this.#said = 'away';
      this.logger.warn(text);
    } else this.logger.debug(text);
  }
}

/** ms between the first candidate and the next: an acquire and the news of it take about as long. */
const RANK_STEP = 25;

/** The acquire was stopped because this member retires. */
function isGivenUp(error: unknown): boolean {
  return hasCode(error, 'ABORTED');
}
