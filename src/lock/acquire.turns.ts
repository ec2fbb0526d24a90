import { waitFor, type Clock, type WaitLimits } from '../time/index.js';

/**
 * Whose transaction may run: one at a time, first come, first served. All acquires of a member write the row of its
 * session, so of several at once the store aborts all but one, and of very many nearly each.
 */
export class AcquireTurns {
  readonly #waiting = new Set<() => void>();
  #isTaken = false;

  constructor(private readonly clock: Clock) {}

  /**
   * Runs `work` when it is its turn.
   * @throws HedgeError `TIMEOUT`, `ABORTED`: its turn did not come
   */
  async take<T>(limits: WaitLimits, what: string, work: () => Promise<T>): Promise<T> {
    if (this.#isTaken) await this.#turn(limits, what);
    this.#isTaken = true;
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  async #turn(limits: WaitLimits, what: string): Promise<void> {
    let isMine = false;
    try {
      await waitFor<void>(this.clock, limits, what, (done) => {
        const grant = () => {
          isMine = true;
          done();
        };
        this.#waiting.add(grant);
        return () => this.#waiting.delete(grant);
      });
    } catch (error) {
      // Both may happen in the same moment.
      if (isMine) this.#passOn();
      throw error;
    }
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else this.#isTaken = false;
  }
}
