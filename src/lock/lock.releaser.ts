import { StoreError } from '../errors/index.js';
import {
  Backoff,
  sleep,
  type Clock,
  type LossReason,
  type SessionKeeper,
} from '../session/index.js';
import type { Decision, HedgeStore, LockRow, Mutation } from '../store/index.js';
import { releaseMutations } from './release.mutations.js';
import type { Term } from './term.js';

/** Gives terms back: at once for this member, then in the store for the others. */
export class LockReleaser {
  readonly #stop = new AbortController();

  constructor(
    private readonly store: HedgeStore,
    private readonly keeper: SessionKeeper,
    private readonly clock: Clock,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Resolves when the store has it, or when that is not needed any more because the session's time is over.
   * Never rejects: a term that was lost already has nothing to give back.
   */
  async release(term: Term, reason: LossReason): Promise<void> {
    const { session } = term;
    const until = this.clock.now().monotonic + (session.isStanding() ? session.remaining() : 0);
    term.lost(reason);
    const wasLast = this.keeper.drop(session, term);
    const mutations = releaseMutations(term);
    // With the last thing it held goes the session itself: what holds nothing leaves no row.
    if (wasLast) mutations.push({ table: 'lock', op: 'delete', name: session.row });
    await this.#repeat(
      () => until - this.clock.now().monotonic,
      (timeout) => this.store.commit(mutations, { timeout }),
    );
  }

  /**
   * After an acquire that was given up with an unknown outcome: whether it landed or is still under way, its
   * term is over once this has written the same rows. Goes on until the store has answered or the session is over.
   */
  settle(term: Term): void {
    const { session } = term;
    session.beginAcquire();
    const settled = this.#repeat(
      () => session.remaining(),
      (timeout) => this.store.transact({ names: [term.row] }, decide, { timeout }),
    );
    void settled.finally(() => session.endAcquire());

    function decide(rows: readonly LockRow[]): Decision<void> {
      const landed = rows.length > 0;
      const deletion: Mutation = { table: 'lock', op: 'delete', name: term.row };
      return { result: undefined, mutations: landed ? releaseMutations(term) : [deletion] };
    }
  }

  /** Stops repeating: what is left in the store ends with its session. */
  stop(): void {
    this.#stop.abort();
  }

  async #repeat(
    timeLeft: () => number,
    attempt: (timeout: number) => Promise<unknown>,
  ): Promise<void> {
    const backoff = new Backoff(10, 500, this.random);
    for (let left = timeLeft(); left > 0 && !this.#stop.signal.aborted; left = timeLeft()) {
      try {
        await attempt(Math.min(1_000, left));
        return;
      } catch (error) {
        if (error instanceof StoreError && error.failure === 'row-missing') return;
        await sleep(this.clock, backoff.next(), this.#stop.signal);
      }
    }
  }
}
