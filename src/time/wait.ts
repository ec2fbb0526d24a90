import { onAbort } from '../abort.listeners.js';
import { ABORTED, EXPECTED, HedgeError, TIMED_OUT } from '../errors/index.js';
import { LONGEST_TIMER, type Clock } from './clock.js';

/** How long a call may wait, and what stops it earlier. */
export interface WaitOptions {
  /** ms; @default `requestTimeout` */
  timeout?: number;
  /** Aborting it rejects the call `ABORTED`. */
  signal?: AbortSignal;
}

/** {@link WaitOptions} once the default is in place. */
export interface WaitLimits {
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits for something that `subscribe` will report, for as long as allowed.
 * @param subscribe is given the function to call with the result, and returns how to unsubscribe
 * @throws HedgeError with the code `onTimeout` gives, or `ABORTED`
 */
export function waitFor<T>(
  clock: Clock,
  { timeout, signal }: WaitLimits,
  what: string,
  subscribe: (done: (result: T) => void) => () => void,
  onTimeout: () => HedgeError = () => new HedgeError('TIMEOUT', TIMED_OUT(what)),
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const aborted = () => {
      finish();
      reject(new HedgeError('ABORTED', ABORTED(what), { cause: signal?.reason }));
    };
    if (signal?.aborted) {
      reject(new HedgeError('ABORTED', ABORTED(what), { cause: signal.reason }));
      return;
    }
    const timer = clock.after(timeout, () => {
      finish();
      reject(onTimeout());
    });
    const unlisten = signal && onAbort(signal, aborted);
    const unsubscribe = subscribe((result) => {
      finish();
      resolve(result);
    });
    function finish(): void {
      timer.cancel();
      unlisten?.();
      queueMicrotask(() => unsubscribe());
    }
  });
}

/** @throws HedgeError `INVALID_ARGUMENT` */
export function waitLimits(options: WaitOptions, defaultTimeout: number): WaitLimits {
  const { timeout = defaultTimeout, signal } = options;
  if (!(typeof timeout === 'number' && timeout > 0)) {
    const text = EXPECTED('timeout', 'a number of ms above 0', timeout);
    throw new HedgeError('INVALID_ARGUMENT', text);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    const text = EXPECTED('signal', 'an AbortSignal', signal);
    throw new HedgeError('INVALID_ARGUMENT', text);
  }
  return { timeout: Math.min(timeout, LONGEST_TIMER), signal };
}
