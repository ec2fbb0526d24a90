import { HedgeError, StoreError } from '../errors/index.js';
import { ABORTED } from '../hedge.messages.js';
import type { StoreCall } from '../store/index.js';
import { Backoff } from './backoff.js';
import { sleep, type Clock } from './clock.js';
import type { WaitLimits } from './wait.js';

/** ms; a store that hangs is asked again rather than waited for */
const ATTEMPT = 5_000;

/**
 * Repeats a store call that may be repeated without harm (a read, a deletion) until it is answered or the time
 * is over.
 * @throws HedgeError `ABORTED`; the last failure, `STORE_UNAVAILABLE` or `STORE_INVALID`
 */
export async function repeated<T>(
  clock: Clock,
  { timeout, signal }: WaitLimits,
  attempt: (call: StoreCall) => Promise<T>,
): Promise<T> {
  const until = clock.now().monotonic + timeout;
  const backoff = new Backoff(10, 500);
  for (;;) {
    if (signal?.aborted) {
      const text = ABORTED('asking the store');
      throw new HedgeError('ABORTED', text, { cause: signal.reason });
    }
    const left = until - clock.now().monotonic;
    try {
      return await attempt({ timeout: Math.max(1, Math.min(ATTEMPT, left)), signal });
    } catch (error) {
      const isPassing = error instanceof StoreError && error.code === 'STORE_UNAVAILABLE';
      const delay = backoff.next();
      const isLate = until - clock.now().monotonic <= delay;
      if (!signal?.aborted && (!isPassing || isLate)) throw error;
      await sleep(clock, delay, signal);
    }
  }
}
