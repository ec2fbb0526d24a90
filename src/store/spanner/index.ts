/**
 * Cloud Spanner as the store, for apps that have a `Database` of their own. Needs `@google-cloud/spanner`.
 *
 * @module nestjs-hedge/spanner
 */
import type { Database } from '@google-cloud/spanner';
import type { HedgeStore } from '../hedge.store.js';
import type { SpannerStoreOptions } from './spanner.options.js';
import { SpannerStore } from './spanner.store.js';

export type { SpannerStoreOptions, SpannerTableOptions } from './spanner.options.js';
export { spannerSchema } from './spanner.schema.js';

/**
 * A store in Cloud Spanner, for the `store` option of `HedgeModule.forRoot`. Nothing is loaded or opened before the
 * app starts; the package `@google-cloud/spanner` has to be installed by then. `SPANNER_EMULATOR_HOST` is heeded.
 *
 * @param database its name, `projects/{project}/instances/{instance}/databases/{database}`, or a `Database` the app
 * has already, whose endpoint and credentials are then used. The store keeps a connection of its own in either case,
 * and leaves a given `Database` open.
 * @throws HedgeError `INVALID_OPTIONS` for a name that cannot be one
 *
 * @example
 * ```ts
 * HedgeModule.forRoot({
 *   store: spannerStore(new Spanner({ projectId: 'p' }).instance('i').database('d'), { createTables: true }),
 *   lockName: 'orders',
 * })
 * ```
 */
export function spannerStore(
  database: string | Database,
  options?: SpannerStoreOptions,
): HedgeStore {
  return new SpannerStore(database, options);
}
