import { setImmediate } from 'node:timers/promises';
import { StoreError } from '../errors/index.js';
import type { MemberReports } from '../hedge.channels.js';
import type { FencedCommitter } from '../session/index.js';
import type { Mutation } from '../store/index.js';
import { sleep, TimeLimit, type Clock } from '../time/index.js';
import { takeBatch } from './batch.js';
import type { BoundTerms } from './bound.terms.js';
import type { CommitOutcomes } from './commit.outcomes.js';
import { PendingEntry, type NewEntry } from './pending.entry.js';

/** What every writer of a member commits with. */
export interface CommitParts {
  readonly committer: FencedCommitter;
  readonly outcomes: CommitOutcomes;
  readonly clock: Clock;
  /** ms */
  readonly leaseDuration: number;
  readonly reports: MemberReports;
}

/**
 * Writes the entries of one term: of the leader, of a lock's holder, or of both together. Entries that wait while a
 * commit is under way go into the next commit together: one fenced commit, one round trip (group commit, as in DeWitt
 * et al., 1984).
 */
export class GroupCommit {
  /** All entries that are not settled yet, by id: a retry joins the entry that is queued or in flight. */
  readonly #pending = new Map<string, PendingEntry>();
  #queue: PendingEntry[] = [];
  #isWriting = false;
  #commitUnderWay: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly bound: BoundTerms,
    private readonly parts: CommitParts,
  ) {}

  /**
   * @param timeout ms for which the caller waits
   * @param over aborts when the caller stops waiting earlier: an entry that was not sent by then never is
   * @returns the commit timestamp in ns
   * @throws HedgeError `NOT_LEADER`, `LOCK_LOST`: this term did not write the entry, and never will. `CONNECTION_LOST`:
   *   unknown. `TIMEOUT`: dropped before it was sent. `STORE_INVALID`: the store refuses it.
   */
  append(entry: NewEntry, timeout: number, over?: AbortSignal): Promise<bigint> {
    const limit = new TimeLimit(this.parts.clock, timeout);
    const joined = this.#pending.get(entry.id);
    if (joined) return joined.join(limit);
    if (!this.bound.areHeld()) return Promise.reject(this.bound.refusal());
    const pending = new PendingEntry(entry, limit, over);
    this.#pending.set(entry.id, pending);
    const forget = () => this.#pending.delete(entry.id);
    pending.settled.then(forget, forget);
    this.#queue.push(pending);
    if (!this.#isWriting) void this.#writeAll();
    return pending.settled;
  }

  /** Resolves when the commit under way, if any, has ended. After the term no other commit follows. */
  async lastCommit(): Promise<void> {
    await this.#commitUnderWay.catch(() => undefined);
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      // Entries of one turn of the event loop go into one commit.
      await setImmediate();
      while (this.#queue.length > 0) {
        const { batch, rest } = takeBatch(this.#queue);
        this.#queue = rest;
        const unsettled = await this.#write(batch);
        this.#queue.unshift(...unsettled);
      }
    } finally {
      // In the same turn as the last look at the queue: the next append begins another write.
      this.#isWriting = false;
    }
  }

  /** @returns the entries that have to be sent again */
  async #write(batch: PendingEntry[]): Promise<PendingEntry[]> {
    const live = batch.filter((pending) => !pending.dropIfUnwanted());
    if (live.length === 0) return [];
    if (!this.bound.areHeld()) return this.#settle(live);
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

  /** Fenced by every term that the entries are bound to (LOG-IS-FENCED). */
  async #commit(batch: PendingEntry[]): Promise<bigint> {
    const { committer, leaseDuration, reports } = this.parts;
    const { all, session } = this.bound;
    const leader = session.owner.address;
    const mutations = batch.map(({ entry }): Mutation => ({
      table: 'log',
      op: 'insert',
      ...entry,
      leader,
    }));
    const timeout = Math.max(1, Math.min(session.remaining(), leaseDuration / 2));
    return reports.timed(
      'nestjs-hedge:log.commit',
      () => committer.commitOnce(session, mutations, { timeout }, ...all),
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
        // The entries may have landed: by this attempt, by an earlier one, or by another writer's.
        for (const pending of batch) pending.mayHaveLanded = true;
        if (failure !== 'row-exists') await this.#pause();
        return this.#settle(batch);
    }
  }

  #settle(entries: PendingEntry[]): Promise<PendingEntry[]> {
    return this.parts.outcomes.settle(this.bound, entries);
  }

  #pause(): Promise<void> {
    return sleep(this.parts.clock, 5 + 35 * Math.random());
  }

  /** Finds the entry that the store refuses: the others are written all the same. */
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
    return rest.length > 0 ? this.#settle(rest) : [];
  }
}
