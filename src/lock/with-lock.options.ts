import { EXPECTED, HedgeError } from '../errors/index.js';
import { waitLimits, type WaitOptions } from '../time/index.js';

/** How `@WithLock()` gets its lock. */
export interface WithLockOptions extends WaitOptions {
  /**
   * What a call does while the lock is held elsewhere. `'wait'`: waits, first come, first served. `'skip'`: does not
   * run the method, and resolves `undefined`. `'throw'`: rejects `LOCK_BUSY`. @default 'wait'
   */
  onBusy?: 'wait' | 'skip' | 'throw';
}

/** Any method that returns a promise. */
export type AsyncMethod = (...args: never[]) => Promise<unknown>;

/**
 * The descriptor of a method that fits the decorator. The name function takes the arguments of the method, and only a
 * method that may resolve `undefined` can be skipped. Otherwise the type asks for a property that no descriptor has:
 * its name is the compiler's error.
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
  // Only checks the options: the service knows the default timeout.
  waitLimits(limits, 1);
}
