import { abortWith } from '../abort.listeners.js';
import { ABORTED, HedgeError, isPassing } from '../errors/index.js';
import type { StoreCall } from '../store/index.js';
import { Backoff, sleep, TimeLimit, type Clock, type WaitLimits } from '../time/index.js';

/** ms. After this a store that hangs is asked again. */
const LONGEST_ATTEMPT = 5_000;

/**
 * Repeats a store call until the store answers or the time is over. Only for calls that do no harm when they are
 * repeated: a read, a deletion.
 * @param end aborts when nobody needs the answer any more: then its reason is thrown
 * @throws HedgeError `ABORTED`, or the last failure: `STORE_UNAVAILABLE`, `STORE_INVALID`
 */
export async function repeated<T>(
  clock: Clock,
  { timeout, signal }: WaitLimits,
  attempt: (call: StoreCall) => Promise<T>,
  end?: AbortSignal,
): Promise<T> {
  const limit = new TimeLimit(clock, timeout);
  const backoff = new Backoff(10, 500);
  const stop = new AbortController();
  const unlisten = [signal, end].map((each) => abortWith(each, stop));
  try {
    for (;;) {
      throwIfOver(signal, end);
      const call = {
        timeout: Math.max(1, Math.min(LONGEST_ATTEMPT, limit.left)),
        signal: stop.signal,
      };
      try {
        return await attempt(call);
      } catch (error) {
        throwIfOver(signal, end);
        const delay = backoff.next();
        if (!isPassing(error) || limit.left <= delay) throw error;
        await sleep(clock, delay, stop.signal);
      }
    }
  } finally {
    for (const leave of unlisten) leave();
  }
}

function throwIfOver(signal: AbortSignal | undefined, end: AbortSignal | undefined): void {
  end?.throwIfAborted();
  if (!signal?.aborted) return;
  throw new HedgeError('ABORTED', ABORTED('asking the store'), { cause: signal.reason });
}
