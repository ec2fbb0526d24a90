import { LONGEST_TIMER, SystemClock, TimeLimit } from '../time/index.js';

/** `AbortSignal.timeout()` goes by it. */
const CLOCK = new SystemClock();

/** How long the caller of a handler waits for its reply. Guards and pipes use up a part of that time. */
export class ReplyDeadline extends TimeLimit {
  /** Kept here, because the signal that `AbortSignal.any()` makes does not keep it. */
  #timeout: AbortSignal | undefined;

  /** @param timeout ms from the arrival of the message */
  constructor(timeout: number) {
    super(CLOCK, timeout);
  }

  /** Aborts when the caller waits no longer, or when one of the other signals aborts. */
  signal(...others: AbortSignal[]): AbortSignal {
    const left = Math.ceil(this.left);
    this.#timeout ??=
      left > 0 ? AbortSignal.timeout(Math.min(left, LONGEST_TIMER)) : AbortSignal.abort();
    return AbortSignal.any([...others, this.#timeout]);
  }
}
