import { HedgeError } from '../../errors/index.js';
import {
  INVALID_CREATE_TABLES,
  INVALID_DATABASE_NAME,
  INVALID_TABLE_NAME,
  SAME_TABLE_TWICE,
} from './spanner.messages.js';
import type { SpannerDatabaseName } from './spanner.database-name.js';

/** The names of the two tables. */
export interface SpannerTableOptions {
  /**
   * The table of sessions, locks and permits.
   * @default 'locktable'
   */
  readonly lockTable?: string;
  /**
   * The table of the log.
   * @default 'logtable'
   */
  readonly logTable?: string;
}

/** The options of {@link spannerStore}. */
export interface SpannerStoreOptions extends SpannerTableOptions {
  /**
   * Create the missing parts of {@link spannerSchema} when the store opens: both tables, and the index that makes `get`
   * cheap. Needs `roles/spanner.databaseAdmin`. The instance and the database must exist.
   * @default false
   */
  readonly createTables?: boolean;
}

/** Both table names, with defaults and validated. */
export type SpannerTables = Required<SpannerTableOptions>;

const TABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const DATABASE_NAME = /^projects\/([^/]+)\/instances\/([^/]+)\/databases\/([^/]+)$/;

/** Adds the defaults. Throws `INVALID_OPTIONS` for an invalid table name. */
export function spannerTables(options: SpannerTableOptions = {}): SpannerTables {
  const { lockTable = 'locktable', logTable = 'logtable' } = options;
  assertTableName('lockTable', lockTable);
  assertTableName('logTable', logTable);
  // Spanner's table names differ by more than case.
  if (lockTable.toLowerCase() === logTable.toLowerCase()) {
    throw new HedgeError('INVALID_OPTIONS', SAME_TABLE_TWICE(lockTable));
  }
  return { lockTable, logTable };
}

/** Throws `INVALID_OPTIONS` unless it reads `projects/p/instances/i/databases/d`. */
export function spannerDatabaseName(path: string): SpannerDatabaseName {
  const match = typeof path === 'string' ? DATABASE_NAME.exec(path) : null;
  if (!match) throw new HedgeError('INVALID_OPTIONS', INVALID_DATABASE_NAME(path));
  const [, project, instance, database] = match;
  return { project, instance, database, path };
}

/** Throws `INVALID_OPTIONS` unless it is a boolean: `'false'` from an environment variable would count as true. */
export function assertCreateTables(value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new HedgeError('INVALID_OPTIONS', INVALID_CREATE_TABLES(value));
  }
}

function assertTableName(option: string, value: unknown): void {
  if (typeof value !== 'string' || !TABLE_NAME.test(value)) {
    throw new HedgeError('INVALID_OPTIONS', INVALID_TABLE_NAME(option, value));
  }
}
