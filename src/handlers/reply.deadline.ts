import { LONGEST_TIMER } from '../time/index.js';

/** Until when the caller of a handler waits for its reply. */
export class ReplyDeadline {
  // From the arrival of the message: guards and pipes take their part of the time too.
  readonly #until: number;
  /** Kept here, for what `AbortSignal.any()` makes does not keep it. */
  #timeout: AbortSignal | undefined;

  /** @param timeout ms that the caller still waits */
  constructor(timeout: number) {
    this.#until = performance.now() + timeout;
  }

  /** Aborts when nobody waits any more, or one of the others does. */
  signal(...others: AbortSignal[]): AbortSignal {
    const left = Math.ceil(this.#until - performance.now());
    this.#timeout ??=
      left > 0 ? AbortSignal.timeout(Math.min(left, LONGEST_TIMER)) : AbortSignal.abort();
    return AbortSignal.any([...others, this.#timeout]);
  }
}
