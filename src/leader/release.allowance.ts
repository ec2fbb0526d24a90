import { sleep, type Clock } from '../time/index.js';

/** The time that the store has for all that a retiring member gives back: one allowance, not one for each thing. */
export class ReleaseAllowance {
  readonly #limited = new AbortController();
  #timeout = Infinity;
  #until: number | undefined;

  constructor(private readonly clock: Clock) {}

  /** From now on there is a limit: so many ms, counted from when something is first given back under it. */
  limit(timeout: number): void {
    this.#timeout = Math.min(this.#timeout, timeout);
    this.#limited.abort();
  }

  /** ms that are left. Begins to count. */
  left(): number {
    const now = this.clock.now().monotonic;
    if (this.#timeout !== Infinity) this.#until ??= now + this.#timeout;
    return Math.max(0, (this.#until ?? Infinity) - now);
  }

  /** Waits for `work`, for as long as is allowed: also if the limit comes when the work is under way. */
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
