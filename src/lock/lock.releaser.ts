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
/** Terms in one commit. Few enough for the limits of any store: a commit fails as a whole if one fence is gone. */
const TIDIED_AT_ONCE = 100;

/** Gives terms back: at once for this member, then in the store for the other members. */
export class LockReleaser {
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    private readonly store: HedgeStore,
    private readonly keeper: SessionKeeper,
    private readonly clock: Clock,
    private readonly random: () => number = Math.random,
  ) {
    // Each release that waits for the store listens, so there may be thousands.
    setMaxListeners(0, this.#stop.signal);
  }

  /**
   * Resolves when the store has deleted the rows, or when the session is over for everyone. Never rejects: a lost term
   * has nothing to give back.
   */
  release(term: Term, reason: LossReason): Promise<void> {
    const { session } = term;
    const timeLeft = this.#untilDeadline(session);
    term.lost(reason);
    const wasLast = this.keeper.drop(session, term);
    const mutations = releaseMutations(term);
    // A session that holds nothing leaves no row.
    if (wasLast) mutations.push(deletionOf(session));
    return this.#track(
      this.#repeat(session, timeLeft, (timeout) => this.store.commit(mutations, { timeout })),
    );
  }

  /**
   * Gives back everything that the session holds with one commit: what no session holds is free. Resolves like
   * {@link release}. {@link tidyUp} deletes the other rows.
   */
  async endSession(reason: LossReason): Promise<void> {
    const session = this.keeper.current;
    if (!session || session.isFresh) return;
    const timeLeft = this.#untilDeadline(session);
    this.keeper.end(session, reason);
    await this.#track(this.#delete(session, timeLeft));
  }

  /** Makes one attempt to delete the rows of an ended session's terms. The leader sweeps away the rest. */
  async tidyUp(terms: readonly Term[]): Promise<void> {
    const call = { timeout: TIDY_TIMEOUT, signal: this.#stop.signal };
    for (let from = 0; from < terms.length; from += TIDIED_AT_ONCE) {
      const mutations = terms.slice(from, from + TIDIED_AT_ONCE).flatMap(releaseMutations);
      await this.#track(ignored(this.store.commit(mutations, call)));
    }
  }

  /**
   * Ends an acquire that was given up with an unknown outcome. It writes the same rows as the acquire, so the term is
   * over whether the acquire has landed or is still under way (SETTLE-BY-WRITING). Goes on until the store answers or
   * the session is over.
   */
  settle(term: Term): Promise<void> {
    term.session.beginAcquire();
    return this.#track(this.#settle(term));
  }

  /** Deletes the rows of an acquire that landed after its session had ended. */
  discard(term: Term): Promise<void> {
    const { session } = term;
    const limit = new TimeLimit(this.clock, session.owner.leaseDuration);
    const mutations = [...releaseMutations(term), deletionOf(session)];
    const commit = (timeout: number) => this.store.commit(mutations, { timeout });
    return this.#track(this.#repeat(session, () => limit.left, commit));
  }

  /** An acquire is over. If the session holds nothing, it is deleted: nothing would renew it. */
  endAcquire(session: Session): void {
    void this.#track(this.#endAcquire(session));
  }

  /** Resolves when all releases that are under way have ended, or `timeout` ms later. */
  async finished(timeout = Infinity): Promise<void> {
    if (timeout === Infinity) return this.#allAnswered();
    await settledWithin(this.clock, timeout, this.#allAnswered());
  }

  /** Stops all repetitions. The rows that are left end with their session. */
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
   * ms until the session's deadline. A renewal prolongs it, and with it everything that is not given back yet. After
   * the session has ended on this member, its last deadline counts: the store may still show the session.
   */
  #untilDeadline(session: Session): () => number {
    let limit = new TimeLimit(this.clock, 0);
    const timeLeft = () => {
      if (session.isUsable()) limit = new TimeLimit(this.clock, session.remaining());
      return limit.left;
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
