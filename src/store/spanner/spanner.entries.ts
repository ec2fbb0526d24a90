import type { EntryQuery, StoredEntry } from '../hedge.store.js';
import type { Attempt } from './spanner.attempt.js';
import type { SpannerConnection } from './spanner.connection.js';
import type { SpannerTables } from './spanner.options.js';
import { entryColumns, newestFirstRange, sortedEntries } from './spanner.queries.js';
import { StreamedRows, storedEntry } from './spanner.rows.js';

/** The connection and tables to read entries with. */
export interface EntrySource {
  readonly connection: SpannerConnection;
  readonly tables: SpannerTables;
  /** The newest-first index, if it exists. */
  readonly index: string | undefined;
}

/**
 * Reads the entries of a key as a stream, because a single answer has at most 10 MiB, and ten entries may have more.
 *
 * The index gives the newest entries first, without a sort. The server sorts all other orders.
 */
export async function readEntries(
  { connection, tables, index }: EntrySource,
  query: EntryQuery,
  session: string,
  attempt: Attempt,
): Promise<StoredEntry[]> {
  attempt.throwIfOver();
  const columns = entryColumns(query);
  const rows = new StreamedRows(columns.length);
  const transaction = { singleUse: { readOnly: staleness(query.maxStaleness) } };
  if (query.order === 'oldest' || !index) {
    const request = { session, transaction, ...sortedEntries(tables, query) };
    await connection.stream('executeStreamingSql', request, attempt, (part) => rows.add(part));
    return rows.rows().map(storedEntry);
  }
  const { offset = 0, limit } = query;
  const request = {
    session,
    transaction,
    table: tables.logTable,
    index,
    columns,
    keySet: { ranges: [newestFirstRange(query)] },
    // Zero means no limit. It also reads the skipped entries, because a range has no offset.
    limit: limit === undefined ? 0 : limit + offset,
  };
  await connection.stream('streamingRead', request, attempt, (part) => rows.add(part));
  return rows.rows().slice(offset).map(storedEntry);
}

function staleness(ms: number | undefined) {
  if (!ms) return { strong: true };
  return { maxStaleness: { seconds: Math.floor(ms / 1_000), nanos: Math.floor(ms % 1_000) * 1e6 } };
}
