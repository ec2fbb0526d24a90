import type { WaitLimits } from '../time/index.js';
import type { Resource } from './resource.js';

/**
 * The line of waiters for each resource: first come, first served. The rooms above implement this interface. Safety
 * never rests on it, because the store decides (STORE-DECIDES): a wrong turn costs one read or one transaction in vain.
 */
export interface WaitingLine {
  /** Joins the end of a resource's line. */
  join(resource: Resource): Waiter;
  /** A holder gave the resource back, and the store shows it. */
  freed(resource: Resource): void;
}

/** A call that waits for a resource. */
export interface Waiter {
  /**
   * Resolves when it is this waiter's turn to ask the store. `take`: acquire at once, the resource is probably free.
   * `look`: read first, because the holder's session should have ended by now, but may have been renewed.
   * @param busyFor ms until the session ends that the last turn found in the way; left out for the first turn
   * @throws HedgeError `TIMEOUT`, `ABORTED`, `NOT_RUNNING`
   */
  turn(limits: WaitLimits, busyFor?: number): Promise<'take' | 'look'>;
  /**
   * The waiter had its turn, and has acquired the resource.
   * @param busyFor ms for which the resource is full, unless a holder gives back. 0: the next waiter may try at once
   */
  taken(busyFor: number): void;
  /** The waiter gives up. */
  leave(): void;
}
