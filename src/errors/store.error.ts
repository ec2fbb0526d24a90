import { HedgeError } from './hedge.error.js';

/**
 * What a failed store call says about the data:
 * - `aborted`: nothing was written, and the same call may succeed at once (Spanner's ABORTED, SQLite's BUSY);
 * - `row-missing`: nothing was written, some row it updates is not there (or a table, or another cause
 *   that says NOT_FOUND: confirm by a read);
 * - `row-exists`: nothing was written, some row it inserts is there;
 * - `refused`: nothing was written and never will be with this data (too large, not text);
 * - `invalid`: nothing was written; the database, its tables or permissions have to be mended first;
 * - `unavailable`: the outcome is unknown (no connection, no answer in time);
 * - `given-up`: nothing was written, because the caller's signal was aborted before the commit left.
 */
export type StoreFailure =
  'aborted' | 'row-missing' | 'row-exists' | 'refused' | 'invalid' | 'unavailable' | 'given-up';

/** The one error that store adapters throw. */
export class StoreError extends HedgeError {
  /** `'StoreError'` */
  override readonly name = 'StoreError';

  constructor(
    /** What happened to the data. */
    readonly failure: StoreFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    const permanent = failure === 'invalid' || failure === 'refused';
    super(permanent ? 'STORE_INVALID' : 'STORE_UNAVAILABLE', message, options);
  }
}

/** Whether the same call may succeed later, without anybody mending anything. */
export function isPassing(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'STORE_UNAVAILABLE';
}
