import { EXPECTED, HedgeError } from '../errors/index.js';
import { waitLimits, type WaitOptions } from '../time/index.js';

/** How `@WithLock()` gets its lock. */
export interface WithLockOptions extends WaitOptions {
  /**
   * When somebody else holds the lock: wait for it, first come, first served; leave the method out, so that its promise
   * resolves `undefined`; or reject `LOCK_BUSY`. @default 'wait'
   */
  onBusy?: 'wait' | 'skip' | 'throw';
}

/** Any method that returns a promise. */
export type AsyncMethod = (...args: never[]) => Promise<unknown>;

/**
 * The descriptor of a method that a decorator fits: a name function takes what the method takes, and only a method that
 * may resolve `undefined` is skipped. What it asks for otherwise no descriptor has: that is the compiler's error.
 */
export type LockedMethod<
  M extends AsyncMethod,
  A extends unknown[],
  O extends WithLockOptions,
> = TypedPropertyDescriptor<M> &
  (((...args: A) => string) extends (...args: Parameters<M>) => string
    ? unknown
    : { 'the name function takes other arguments than the method': never }) &
  (O extends { onBusy: 'skip' }
    ? undefined extends Awaited<ReturnType<M>>
      ? unknown
      : { "a method with onBusy: 'skip' must return a Promise of void or undefined too": never }
    : unknown);

/** @throws HedgeError `INVALID_ARGUMENT` */
export function checkOptions({ onBusy = 'wait', ...limits }: WithLockOptions): void {
  if (!['wait', 'skip', 'throw'].includes(onBusy)) {
    const text = EXPECTED('onBusy', "'wait', 'skip' or 'throw'", onBusy);
    throw new HedgeError('INVALID_ARGUMENT', text);
  }
  // What it would be without a timeout is for the service to say.
  waitLimits(limits, 1);
}
