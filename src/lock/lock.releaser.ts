import { setMaxListeners } from 'node:events';
import { StoreError } from '../errors/index.js';
import {
  attemptTimeoutOf,
  type LossReason,
  type Session,
  type SessionKeeper,
} from '../session/index.js';
import { Backoff, settledWithin, sleep, TimeLimit, type Clock } from '../time/index.js';
import type { Decision, HedgeStore, LockRow, Mutation } from '../store/index.js';
import { releaseMutations } from './release.mutations.js';
import type { Term } from './term.js';

/** ms */
const TIDY_TIMEOUT = 500;
/** Few enough for any store's limits, and to lose little where one of them is gone already. */
const TIDIED_AT_ONCE = 100;

/** Gives terms back: at once for this member, then in the store for the others. */
export class LockReleaser {
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    private readonly store: HedgeStore,
    private readonly keeper: SessionKeeper,
    private readonly clock: Clock,
    private readonly random: () => number = Math.random,
  ) {
    // One for each lock that is being given back while the store is away, however many they are.
    setMaxListeners(0, this.#stop.signal);
  }

  /**
   * Resolves when the store has it, or when that is not needed any more because the session's time is over.
   * Never rejects: a term that was lost already has nothing to give back.
   */
  release(term: Term, reason: LossReason): Promise<void> {
    const { session } = term;
    const timeLeft = this.#untilDeadline(session);
    term.lost(reason);
    const wasLast = this.keeper.drop(session, term);
    const mutations = releaseMutations(term);
    // With the last thing it held goes the session itself: what holds nothing leaves no row.
    if (wasLast) mutations.push(deletionOf(session));
    return this.#track(
      this.#repeat(session, timeLeft, (timeout) => this.store.commit(mutations, { timeout })),
    );
  }

  /**
   * Gives back all that is held, however much: what no session holds is free, so one commit will do. Resolves like
   * {@link release}; the rows that are left are for {@link tidyUp}.
   */
  async endSession(reason: LossReason): Promise<void> {
    const session = this.keeper.current;
    if (!session || session.isFresh) return;
    const timeLeft = this.#untilDeadline(session);
    this.keeper.end(session, reason);
    await this.#track(this.#delete(session, timeLeft));
  }

  /** One attempt to delete what the terms of an ended session left. What it does not get, the leader sweeps away. */
  async tidyUp(terms: readonly Term[]): Promise<void> {
    const call = { timeout: TIDY_TIMEOUT, signal: this.#stop.signal };
    for (let from = 0; from < terms.length; from += TIDIED_AT_ONCE) {
      const mutations = terms.slice(from, from + TIDIED_AT_ONCE).flatMap(releaseMutations);
      await this.#track(ignored(this.store.commit(mutations, call)));
    }
  }

  /**
   * After an acquire that was given up with an unknown outcome: whether it landed or is still under way, its
   * term is over once this has written the same rows (SETTLE-BY-WRITING). Goes on until the store has answered or the
   * session is over.
   */
  settle(term: Term): Promise<void> {
    term.session.beginAcquire();
    return this.#track(this.#settle(term));
  }

  /** Deletes what an acquire left that landed too late, after the session it was made under had ended. */
  discard(term: Term): Promise<void> {
    const { session } = term;
    const limit = new TimeLimit(this.clock, session.owner.leaseDuration);
    const mutations = [...releaseMutations(term), deletionOf(session)];
    const commit = (timeout: number) => this.store.commit(mutations, { timeout });
    return this.#track(this.#repeat(session, () => limit.left, commit));
  }

  /** An acquire is over. A session that holds nothing then is deleted: nobody would renew it, or release it. */
  endAcquire(session: Session): void {
    void this.#track(this.#endAcquire(session));
  }

  /** Resolves when all that is being given back or settled has been, or `timeout` ms later. */
  async finished(timeout = Infinity): Promise<void> {
    if (timeout === Infinity) return this.#allAnswered();
    await settledWithin(this.clock, timeout, this.#allAnswered());
  }

  /** Stops repeating: what is left in the store ends with its session. */
  stop(): void {
    this.#stop.abort();
  }

  async #allAnswered(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #track(work: Promise<void>): Promise<void> {
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }

  async #settle(term: Term): Promise<void> {
    const { session } = term;
    await this.#repeat(session, this.#untilDeadline(session), async (timeout) => {
      const query = { names: [term.row, session.row] };
      const { result: sessionStands } = await this.store.transact(query, decide, { timeout });
      if (sessionStands) this.keeper.confirmed(session);
    });
    await this.#endAcquire(session);

    function decide(rows: readonly LockRow[]): Decision<boolean> {
      const stands = (name: string) => rows.some((row) => row.name === name);
      const deletion: Mutation = { table: 'lock', op: 'delete', name: term.row };
      return {
        result: stands(session.row),
        mutations: stands(term.row) ? releaseMutations(term) : [deletion],
      };
    }
  }

  async #endAcquire(session: Session): Promise<void> {
    const timeLeft = this.#untilDeadline(session);
    if (!this.keeper.endAcquire(session)) return;
    await this.#delete(session, timeLeft);
  }

  #delete(session: Session, timeLeft: () => number): Promise<void> {
    return this.#repeat(session, timeLeft, (timeout) =>
      this.store.commit([deletionOf(session)], { timeout }),
    );
  }

  /**
   * ms until the session's deadline. While it is renewed, what it did not give back stays held with it; once it has ended
   * here, with what was given back last or otherwise, the store may not know that yet.
   */
  #untilDeadline(session: Session): () => number {
    let until = -Infinity;
    const timeLeft = () => {
      const now = this.clock.now().monotonic;
      if (session.isUsable()) until = now + session.remaining();
      return until - now;
    };
    timeLeft();
    return timeLeft;
  }

  async #repeat(
    { owner }: Session,
    timeLeft: () => number,
    attempt: (timeout: number) => Promise<unknown>,
  ): Promise<void> {
    const most = Math.min(1_000, attemptTimeoutOf(owner.leaseDuration));
    const backoff = new Backoff(10, 500, this.random);
    for (let left = timeLeft(); left > 0 && !this.#stop.signal.aborted; left = timeLeft()) {
      try {
        await attempt(Math.min(most, left));
        return;
      } catch (error) {
        if (error instanceof StoreError && error.failure === 'row-missing') return;
        await sleep(this.clock, backoff.next(), this.#stop.signal);
      }
    }
  }
}

async function ignored(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}

function deletionOf(session: Session): Mutation {
  return { table: 'lock', op: 'delete', name: session.row };
}
