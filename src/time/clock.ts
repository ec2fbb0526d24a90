import { onAbort } from '../abort.listeners.js';

/** ms; Node's timers go no further, and fire at once when told to */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** A moment on both of a member's clocks, in ms. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

export interface Timer {
  cancel(): void;
}

/** Time, as everything above the store sees it. Specs put a virtual one in its place. */
export interface Clock {
  now(): Instant;
  /** Calls once, `ms` from now by the monotonic clock; 24 days from now at the latest. */
  after(ms: number, call: () => void): Timer;
}

/** The process's own clocks: CLOCK_MONOTONIC and the time of day. */
export class SystemClock implements Clock {
  now(): Instant {
    return { monotonic: performance.now(), wall: Date.now() };
  }

  after(ms: number, call: () => void): Timer {
    const timer = setTimeout(call, Math.min(ms, LONGEST_TIMER));
    return { cancel: () => clearTimeout(timer) };
  }
}

/** Resolves `ms` from now, or at once when the signal is aborted: look at the signal afterwards. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      unsubscribe?.();
      resolve();
    };
    const timer = clock.after(ms, done);
    const unsubscribe = signal && onAbort(signal, done);
  });
}

/** Resolves when `work` has, or `timeout` ms later: what takes longer goes on by itself. Rejects as `work` does. */
export async function settledWithin(
  clock: Clock,
  timeout: number,
  work: Promise<unknown>,
): Promise<void> {
  const done = new AbortController();
  await Promise.race([work.finally(() => done.abort()), sleep(clock, timeout, done.signal)]);
}
