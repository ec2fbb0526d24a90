import { sleep, type Clock } from '../time/index.js';

/** The handlers of messages that run now. A shutdown lets them finish. */
export class RunningHandlers {
  #count = 0;
  #isClosed = false;
  #idle: (() => void) | undefined;
  readonly #ended = new AbortController();

  constructor(private readonly clock: Clock) {}

  /** Whether no more handlers may start. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Aborts when the time of the handlers is over: nothing waits for handlers that still run. */
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

  /** Lets no more handlers start, and resolves when the running ones have ended, or after `timeout` ms. */
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
