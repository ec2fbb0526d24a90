/**
 * Cloud Spanner as the store, for apps that already have a `Database`. Needs `@google-cloud/spanner`.
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
 * Makes a store in Cloud Spanner for the `store` option of `HedgeModule.forRoot`. It loads and opens nothing before the
 * app starts. It uses the emulator if `SPANNER_EMULATOR_HOST` is set.
 *
 * @param database The name `projects/{project}/instances/{instance}/databases/{database}`, or a `Database` of the app.
 * The store uses the endpoint and credentials of that `Database`, opens its own connection, and leaves the `Database`
 * open.
 * @throws HedgeError `INVALID_OPTIONS` for an invalid name
 *
 * @example
 * ```ts
 * const database = new Spanner({ projectId: 'p' }).instance('i').database('d');
 *
 * @Module({
 *   imports: [
 *     HedgeModule.forRoot({ store: spannerStore(database, { createTables: true }), lockName: 'orders' }),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
export function spannerStore(
  database: string | Database,
  options?: SpannerStoreOptions,
): HedgeStore {
  return new SpannerStore(database, options);
}
