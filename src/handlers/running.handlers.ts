import { sleep, type Clock } from '../time/index.js';

/** The handlers of messages that run now, so that a shutdown can let them finish. */
export class RunningHandlers {
  #count = 0;
  #isClosed = false;
  #idle: (() => void) | undefined;
  readonly #ended = new AbortController();

  constructor(private readonly clock: Clock) {}

  /** No more are to be started. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Aborts when they have had their time: nothing waits any more for what still runs. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  track<R>(result: R): R {
    if (!isPromise(result)) return result;
    this.#count++;
    const done = () => {
      if (--this.#count === 0) this.#idle?.();
    };
    result.then(done, done);
    return result;
  }

  /** Lets no more start, and resolves when those that run have ended, or `timeout` ms later. */
  async drain(timeout: number): Promise<void> {
    this.#isClosed = true;
    if (this.#count > 0) {
      const idle = new AbortController();
      this.#idle = () => idle.abort();
      await sleep(this.clock, timeout, idle.signal);
    }
    this.#ended.abort();
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
