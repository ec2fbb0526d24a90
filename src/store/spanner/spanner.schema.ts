import { spannerTables, type SpannerTableOptions } from './spanner.options.js';

/** The columns that must be there, by table, and the keys they are found by. */
export const LOCK_COLUMNS = ['name', 'heartbeat', 'token', 'writer'] as const;
export const LOCK_KEY = ['name'] as const;
export const LOG_COLUMNS = ['id', 'key', 'value', 'leader', 'timestamp'] as const;
export const LOG_KEY = ['key', 'id'] as const;

/** What the newest-first index is sorted by. `id DESC`: entries of one commit share a timestamp. */
export const NEWEST_FIRST = ['key ASC', 'timestamp DESC', 'id DESC'] as const;

/**
 * The DDL of the two tables and of the index that makes `get` and `history` cheap, in the order to run it in.
 * Every statement does nothing where its object is there already. The store works without the index, only slower.
 *
 * @example
 * ```sh
 * gcloud spanner databases ddl update d --instance=i --ddl="$(node -p "require('nestjs-hedge/spanner').spannerSchema().join(';')")"
 * ```
 */
export function spannerSchema(options?: SpannerTableOptions): string[] {
  const { lockTable, logTable } = spannerTables(options);
  return [
    `CREATE TABLE IF NOT EXISTS ${lockTable} (
  name STRING(MAX) NOT NULL,
  heartbeat TIMESTAMP OPTIONS (allow_commit_timestamp=true),
  token TIMESTAMP OPTIONS (allow_commit_timestamp=true),
  writer STRING(MAX)
) PRIMARY KEY (name)`,
    `CREATE TABLE IF NOT EXISTS ${logTable} (
  id STRING(MAX),
  key STRING(MAX),
  value STRING(MAX),
  leader STRING(MAX),
  timestamp TIMESTAMP OPTIONS (allow_commit_timestamp=true)
) PRIMARY KEY (key, id)`,
    `CREATE INDEX IF NOT EXISTS ${logTable}_newest ON ${logTable} (key, timestamp DESC, id DESC) STORING (value, leader)`,
  ];
}
