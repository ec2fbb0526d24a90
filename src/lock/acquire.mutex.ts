import { waitFor, type Clock, type WaitLimits } from '../time/index.js';

/**
 * Lets one acquire of this member run at a time, first come, first served (ONE-ACQUIRE-AT-A-TIME). All of them write
 * the row of the session, so the store would abort all but one. The election does not wait here.
 */
export class AcquireMutex {
  readonly #waiting = new Set<() => void>();
  #isTaken = false;

  constructor(private readonly clock: Clock) {}

  /**
   * Runs `work` when no other work runs.
   * @param what for the text of the error
   * @throws HedgeError `TIMEOUT`, `ABORTED` before `work` began
   */
  async run<T>(limits: WaitLimits, what: string, work: () => Promise<T>): Promise<T> {
    if (this.#isTaken) await this.#granted(limits, what);
    this.#isTaken = true;
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  async #granted(limits: WaitLimits, what: string): Promise<void> {
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
      // The grant may come in the same moment as the end of the wait.
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
