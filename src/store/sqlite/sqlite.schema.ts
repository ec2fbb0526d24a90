import { HedgeError } from '../../errors/index.js';
import type { SqliteConnection } from './sqlite.connection.js';
import { INVALID_TABLE_NAME, SAME_TABLE_TWICE } from './sqlite.messages.js';

/** The names of the tables of the embedded store. */
export interface SqliteTables {
  /** @default 'locktable' */
  readonly lockTable?: string;
  /** @default 'logtable' */
  readonly logTable?: string;
}

/**
 * A single table per file, for all names of tables: entries and tokens of all groups in the file come from the same
 * rising counter.
 */
export const CLOCK_TABLE = 'hedge_clock';

/** The names with defaults, checked because they become part of SQL. */
export function sqliteTables(options: SqliteTables): Required<SqliteTables> {
  const { lockTable = 'locktable', logTable = 'logtable' } = options;
  checkName('lockTable', lockTable);
  checkName('logTable', logTable);
  // SQLite's names of tables ignore case.
  if (lockTable.toLowerCase() === logTable.toLowerCase()) {
    throw new HedgeError('INVALID_OPTIONS', SAME_TABLE_TWICE(lockTable));
  }
  return { lockTable, logTable };
}

/**
 * The DDL of the embedded store. `open()` runs it. Use it to look into the file.
 *
 * @throws `INVALID_OPTIONS` for an invalid name
 */
export function sqliteSchema(options: SqliteTables = {}): string[] {
  const { lockTable, logTable } = sqliteTables(options);
  return [
    `CREATE TABLE IF NOT EXISTS "${lockTable}" (
  name TEXT NOT NULL PRIMARY KEY,
  heartbeat TEXT,
  token INTEGER,
  writer TEXT
) WITHOUT ROWID`,
    // The value comes last, so that a list of entries without values never reads overflow pages.
    `CREATE TABLE IF NOT EXISTS "${logTable}" (
  id TEXT NOT NULL,
  key TEXT NOT NULL,
  leader TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (key, id)
)`,
    `CREATE INDEX IF NOT EXISTS "${logTable}_by_key" ON "${logTable}" (key, timestamp DESC, id DESC)`,
    `CREATE TABLE IF NOT EXISTS "${CLOCK_TABLE}" (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  last INTEGER NOT NULL
)`,
  ];
}

/** Creates missing tables. @returns the statements that created something */
export function createdIn(connection: SqliteConnection, tables: SqliteTables): string[] {
  const version = () => connection.rows('PRAGMA schema_version')[0][0];
  return sqliteSchema(tables).filter((statement) => {
    const before = version();
    connection.exec(statement);
    return version() !== before;
  });
}

export function hasTable(connection: SqliteConnection, name: string): boolean {
  const sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE";
  return connection.rows(sql, [name]).length > 0;
}

function checkName(option: string, name: string): void {
  const reserved = /^(?:sqlite_|libsql_)/i.test(name) || name.toLowerCase() === CLOCK_TABLE;
  if (reserved || !/^[A-Za-z_]\w{0,127}$/.test(name)) {
    throw new HedgeError('INVALID_OPTIONS', INVALID_TABLE_NAME(option, name));
  }
}
