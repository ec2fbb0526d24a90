import type { HedgeError } from '../errors/index.js';
import type { KeyRange, Mutation } from '../store/index.js';

/** What sessions can hold: a lock, or a semaphore with its permits. */
export interface Resource {
  readonly group: string;
  /** What a session holds of it. */
  readonly kind: 'lock' | 'permit';
  /** The name that the app gave it. */
  readonly name: string;
  /** For messages: `the lock 'x'`. */
  readonly label: string;
  /** Tells it from all other resources. A lock has a row of this name in the lock table, a semaphore has none. */
  readonly row: string;
  /** True for the group's lock. Its row outlives its terms, and renewals keep it fresh for other programs. */
  readonly isGroupLock: boolean;
  /** The range of its fence rows. No other rows stand there. */
  readonly fences: KeyRange;
  /** The name of a term's fence row, which stands exactly as long as the term. */
  fenceRow(termId: string): string;
  /** How many more terms may hold it beside these holders. */
  freeBeside(holders: readonly Holder[]): number;
  /** Why nobody can acquire it beside these holders, however long they wait. */
  refusal(holders: readonly Holder[]): HedgeError | undefined;
  /** What an acquire writes besides the fence. */
  mutationsOnAcquire(address: string): Mutation[];
  /** What a release writes besides the fence. */
  mutationsOnRelease(): Mutation[];
}

/** A term that holds a resource, as one read of the store shows it. */
export type Holder = LivingHolder | NewerHolder;

/** A term whose session lives. */
export interface LivingHolder {
  readonly newerFormat?: undefined;
  /** The member's id. */
  readonly address: string;
  readonly token: bigint;
  readonly sessionId: string;
  readonly fenceRow: string;
  /** ms until others may end the holder's session, by the store's clock. A renewal prolongs it. */
  readonly remaining: number;
}

/** A term of a later version of this library, by a row that this version cannot read. */
export interface NewerHolder {
  /** The format of that row, or of the session's. */
  readonly newerFormat: number;
  /** The name of the fence, or of the resource's own row. */
  readonly fenceRow: string;
  /** ms until it is worth another look. */
  readonly remaining: number;
}
