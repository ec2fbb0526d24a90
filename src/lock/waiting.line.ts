import type { WaitLimits } from '../time/index.js';
import type { Resource } from './resource.js';

/**
 * Whose turn it is to ask the store for a resource that several want: first come, first served. The rooms above fill this
 * port. Safety never rests on it, for the store decides: a wrong turn costs one question in vain.
 */
export interface WaitingLine {
  /** Joins the line of a resource, at its end. */
  join(resource: Resource): Waiter;
  /** Something of the resource was given back, and the store has it. */
  freed(resource: Resource): void;
}

/** One contender's resource in one line. */
export interface Waiter {
  /**
   * Resolves when it is this one's turn to ask the store: `take` where that is likely to be worth a transaction, `look`
   * where it had better read first (a holder's session should have ended by now, and may have been renewed).
   * @param busyFor ms for which the last turn showed the resource to be in use; left out at the first
   * @throws HedgeError `TIMEOUT`, `ABORTED`, `NOT_RUNNING`
   */
  turn(limits: WaitLimits, busyFor?: number): Promise<'take' | 'look'>;
  /**
   * It was its turn and it has what it wanted.
   * @param busyFor ms for which nobody else can have it unless something is given back. 0: the next may try at once
   */
  taken(busyFor: number): void;
  /** It wants nothing any more. */
  leave(): void;
}
