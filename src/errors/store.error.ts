import { HedgeError } from './hedge.error.js';

/**
 * The outcome of a failed store call for the data:
 * - `aborted`: nothing was written. The same call may succeed at once (Spanner's ABORTED, SQLite's BUSY).
 * - `row-missing`: nothing was written. A row that the call updates does not exist. (A missing table can also cause a
 *   NOT_FOUND: confirm by a read.)
 * - `row-exists`: nothing was written. A row that the call inserts already exists.
 * - `refused`: nothing was written. The store can never take this data (too large, not text).
 * - `invalid`: nothing was written. Repair the database, its tables or the permissions first.
 * - `unavailable`: the data may or may not have been written (no connection, no answer in time).
 * - `given-up`: nothing was written. The caller's signal was aborted before the commit was sent.
 */
export type StoreFailure =
  'aborted' | 'row-missing' | 'row-exists' | 'refused' | 'invalid' | 'unavailable' | 'given-up';

/** The error of all store adapters. */
export class StoreError extends HedgeError {
  /** `'StoreError'` */
  override readonly name = 'StoreError';

  constructor(
    /** The outcome for the data. */
    readonly failure: StoreFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    const permanent = failure === 'invalid' || failure === 'refused';
    super(permanent ? 'STORE_INVALID' : 'STORE_UNAVAILABLE', message, options);
  }
}

/** Whether the same call may succeed later without a repair. */
export function isPassing(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'STORE_UNAVAILABLE';
}
