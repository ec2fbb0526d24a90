import { abortWith } from '../abort.listeners.js';
import { ABORTED, HedgeError, isPassing } from '../errors/index.js';
import type { StoreCall } from '../store/index.js';
import { Backoff, sleep, TimeLimit, type Clock, type WaitLimits } from '../time/index.js';

/** ms; a store that hangs is asked again rather than waited for */
const ATTEMPT = 5_000;

/**
 * Repeats a store call that may be repeated without harm (a read, a deletion) until it is answered or the time
 * is over.
 * @param end aborts when the answer is of no use to anybody any more: then its reason is thrown
 * @throws HedgeError `ABORTED`; the last failure, `STORE_UNAVAILABLE` or `STORE_INVALID`
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
      const call = { timeout: Math.max(1, Math.min(ATTEMPT, limit.left)), signal: stop.signal };
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
