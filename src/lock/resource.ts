import type { HedgeError } from '../errors/index.js';
import type { KeyRange, Mutation } from '../store/index.js';

/** Where something is kept that sessions can hold: a lock, or a semaphore with its permits. */
export interface Resource {
  readonly group: string;
  readonly kind: 'lock' | 'permit';
  /** As users call it. */
  readonly name: string;
  /** For texts: `the lock 'x'`. */
  readonly label: string;
  /** Its own row in the lock table, where it has one; in any case what tells it from all others. */
  readonly row: string;
  /** Its row outlives its terms, and is kept fresh for programs outside: the group's lock. */
  readonly isGroupLock: boolean;
  /** Where its fence rows stand, and no others. */
  readonly fences: KeyRange;
  /** Stands exactly as long as the term does. */
  fenceRow(termId: string): string;
  /** How many more may hold it beside these. */
  freeBeside(holders: readonly Holder[]): number;
  /** Why it cannot be had beside these, however long one waits. */
  refusal(holders: readonly Holder[]): HedgeError | undefined;
  /** What an acquire writes beside the fence. */
  mutationsOnAcquire(address: string): Mutation[];
  /** What a release writes beside the fence. */
  mutationsOnRelease(): Mutation[];
}

/** Who holds a resource, by what one read of the store shows. */
export interface Holder {
  /** The member's id. */
  readonly address: string;
  readonly token: bigint;
  readonly sessionId: string;
  readonly fenceRow: string;
  /** ms, by the store's clock, until others may end the holder's session unless it is renewed. */
  readonly remaining: number;
}
