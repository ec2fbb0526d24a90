import { setImmediate } from 'node:timers/promises';
import { StoreError } from '../errors/index.js';
import type { MemberReports } from '../hedge.channels.js';
import { sleep, type Clock } from '../time/index.js';
import type { FencedCommitter } from '../session/index.js';
import type { Mutation } from '../store/index.js';
import { takeBatch } from './batch.js';
import type { BoundTerms } from './bound.terms.js';
import type { CommitOutcomes } from './commit.outcomes.js';
import { PendingEntry, type NewEntry } from './pending.entry.js';

/**
 * The writer for one term, of the leader or of a lock's holder (or for both at a time): what waits while a commit is
 * under way goes into the next one, all of it in one fenced commit and one round trip (group commit, as in DeWitt et
 * al., 1984).
 */
export class GroupCommit {
  /** All entries that are not settled yet, by id: a retry joins the one that is queued or in flight. */
  readonly #pending = new Map<string, PendingEntry>();
  #queue: PendingEntry[] = [];
  #isWriting = false;
  #commitUnderWay: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly bound: BoundTerms,
    private readonly committer: FencedCommitter,
    private readonly outcomes: CommitOutcomes,
    private readonly clock: Clock,
    private readonly leaseDuration: number,
    private readonly reports: MemberReports,
  ) {}

  /**
   * @param timeout ms after which nobody waits for it any more
   * @param over is aborted when nobody does even before: what was not sent by then never is
   * @returns the commit timestamp in ns
   * @throws HedgeError `NOT_LEADER`, `LOCK_LOST`: it is not in the log and never will be by this term.
   *   `CONNECTION_LOST`: unknown. `TIMEOUT`: dropped before it was sent. `STORE_INVALID`: the store refuses it.
   */
  append(entry: NewEntry, timeout: number, over?: AbortSignal): Promise<bigint> {
    const until = this.clock.now().monotonic + timeout;
    const joined = this.#pending.get(entry.id);
    if (joined) return joined.join(until);
    if (!this.bound.areHeld()) return Promise.reject(this.bound.refusal());
    const pending = new PendingEntry(entry, until, over);
    this.#pending.set(entry.id, pending);
    const forget = () => this.#pending.delete(entry.id);
    pending.settled.then(forget, forget);
    this.#queue.push(pending);
    if (!this.#isWriting) void this.#writeAll();
    return pending.settled;
  }

  /** Resolves when the commit that is under way, if any, has ended. After the term no other one follows. */
  async lastCommit(): Promise<void> {
    await this.#commitUnderWay.catch(() => undefined);
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      // What arrived in the same turn of the event loop belongs in the same commit.
      await setImmediate();
      while (this.#queue.length > 0) {
        const { batch, rest } = takeBatch(this.#queue);
        this.#queue = rest;
        const unsettled = await this.#write(batch);
        this.#queue.unshift(...unsettled);
      }
    } finally {
      // In the same turn as the last look at the queue: what is appended next starts anew.
      this.#isWriting = false;
    }
  }

  /** @returns the entries that have to be sent again */
  async #write(batch: PendingEntry[]): Promise<PendingEntry[]> {
    const live = batch.filter((pending) => !pending.dropIfUnwanted(this.clock.now().monotonic));
    if (live.length === 0) return [];
    if (!this.bound.areHeld()) return this.outcomes.settle(this.bound, live);
    try {
      const commit = this.#commit(live);
      this.#commitUnderWay = commit;
      const timestamp = await commit;
      for (const pending of live) pending.acknowledge(timestamp);
      return [];
    } catch (error) {
      return this.#afterFailure(live, error);
    }
  }

  async #commit(batch: PendingEntry[]): Promise<bigint> {
    const { all, session } = this.bound;
    const leader = session.owner.address;
    const mutations = batch.map(({ entry }): Mutation => ({
      table: 'log',
      op: 'insert',
      ...entry,
      leader,
    }));
    const timeout = Math.max(1, Math.min(session.remaining(), this.leaseDuration / 2));
    return this.reports.timed(
      'nestjs-hedge:log.commit',
      () => this.committer.commitOnce(session, mutations, { timeout }, ...all),
      () => ({ entries: batch.length }),
    );
  }

  async #afterFailure(batch: PendingEntry[], error: unknown): Promise<PendingEntry[]> {
    const failure = error instanceof StoreError ? error.failure : 'unavailable';
    switch (failure) {
      case 'aborted':
      case 'given-up':
        await this.#pause();
        return batch;
      case 'refused':
        return this.#bisect(batch, error);
      case 'invalid':
        return this.#rejectUnsent(batch, error);
      default:
        // Anything else may have landed: by this attempt, or an earlier one, or another writer's.
        for (const pending of batch) pending.mayHaveLanded = true;
        if (failure !== 'row-exists') await this.#pause();
        return this.outcomes.settle(this.bound, batch);
    }
  }

  #pause(): Promise<void> {
    return sleep(this.clock, 5 + 35 * Math.random());
  }

  /** One entry the store will never take must not take the others down with it. */
  async #bisect(batch: PendingEntry[], error: unknown): Promise<PendingEntry[]> {
    if (batch.length === 1) {
      batch[0].reject(error as Error);
      return [];
    }
    const middle = batch.length >> 1;
    const first = await this.#write(batch.slice(0, middle));
    const second = await this.#write(batch.slice(middle));
    return [...first, ...second];
  }

  async #rejectUnsent(batch: PendingEntry[], error: unknown): Promise<PendingEntry[]> {
    for (const pending of batch) if (!pending.mayHaveLanded) pending.reject(error as Error);
    const rest = batch.filter((pending) => pending.mayHaveLanded);
    return rest.length > 0 ? this.outcomes.settle(this.bound, rest) : [];
  }
}
