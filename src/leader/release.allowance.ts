import { sleep, TimeLimit, type Clock } from '../time/index.js';

/** The time that the store has to take back all that a retiring member holds: one allowance for everything together. */
export class ReleaseAllowance {
  readonly #limited = new AbortController();
  #timeout = Infinity;
  #countdown: TimeLimit | undefined;

  constructor(private readonly clock: Clock) {}

  /** Allows `timeout` ms, counted from the first release after this. */
  limit(timeout: number): void {
    this.#timeout = Math.min(this.#timeout, timeout);
    this.#limited.abort();
  }

  /** ms that are left. The first call begins to count. */
  left(): number {
    if (this.#timeout !== Infinity) this.#countdown ??= new TimeLimit(this.clock, this.#timeout);
    return this.#countdown?.left ?? Infinity;
  }

  /** Waits for `work` for as long as is allowed, also if the limit is set only while it waits. */
  async wait(work: Promise<void>): Promise<void> {
    const done = new AbortController();
    await Promise.race([work.then(() => done.abort()), this.#usedUp(done.signal)]);
  }

  async #usedUp(done: AbortSignal): Promise<void> {
    const limited = this.#limited.signal;
    await new Promise<void>((resolve) => {
      if (limited.aborted) resolve();
      else limited.addEventListener('abort', () => resolve(), { once: true, signal: done });
    });
    const left = this.left();
    await (left === Infinity ? new Promise(() => undefined) : sleep(this.clock, left, done));
  }
}
