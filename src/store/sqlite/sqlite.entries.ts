import type { EntryQuery, EntryRef, Outcome, StoredEntry } from '../stored.entry.js';
import type { SqliteConnection } from './sqlite.connection.js';
import { checkText, integerOf, textOf } from './sqlite.text.js';

/** The largest integer SQLite stores. As nanoseconds it is the year 2262. */
const MAX_INTEGER = 2n ** 63n - 1n;

/** The entries of a key. It always reads the present state, which `maxStaleness` allows. */
export function selectedEntries(
  connection: SqliteConnection,
  logTable: string,
  { key, order, limit, before, after, offset = 0, withoutValues = false }: EntryQuery,
): StoredEntry[] {
  const direction = order === 'newest' ? 'DESC' : 'ASC';
  const value = withoutValues ? "x''" : 'CAST(value AS BLOB)';
  const rows = connection.rows(
    `SELECT CAST(id AS BLOB), ${value}, CAST(leader AS BLOB), timestamp FROM "${logTable}"
      WHERE key = ? AND timestamp > ? AND timestamp < ?
      ORDER BY timestamp ${direction}, id ${direction} LIMIT ? OFFSET ?`,
    [
      checkText('key', key),
      storable(after ?? -MAX_INTEGER),
      storable(before ?? MAX_INTEGER),
      limit === undefined ? -1n : BigInt(limit),
      BigInt(offset),
    ],
  );
  return rows.map(([id, content, leader, timestamp]) => ({
    id: textOf(id),
    key,
    value: textOf(content),
    leader: textOf(leader),
    timestamp: integerOf(timestamp),
  }));
}

/** The entries of the query that exist. */
export function standingEntries(
  connection: SqliteConnection,
  logTable: string,
  refs: readonly EntryRef[],
): Outcome['entries'] {
  const sql = `SELECT timestamp FROM "${logTable}" WHERE key = ? AND id = ?`;
  return refs.flatMap(({ key, id }) =>
    connection
      .rows(sql, [checkText('key', key), checkText('id', id)])
      .map(([timestamp]) => ({ key, id, timestamp: integerOf(timestamp) })),
  );
}

/** The rows of the lock table that exist. */
export function standingNames(
  connection: SqliteConnection,
  lockTable: string,
  names: readonly string[],
): Outcome['names'] {
  const sql = `SELECT 1 FROM "${lockTable}" WHERE name = ?`;
  return names.filter((name) => connection.rows(sql, [checkText('name', name)]).length > 0);
}

/** Spanner's timestamps have a larger range than SQLite's integers. */
function storable(timestamp: bigint): bigint {
  if (timestamp > MAX_INTEGER) return MAX_INTEGER;
  return timestamp < -MAX_INTEGER ? -MAX_INTEGER : timestamp;
}
