import { StoreError } from '../../errors/index.js';
import type { Mutation } from '../mutation.js';
import type { BootClock } from './boot.clock.js';
import type { SqliteConnection, SqliteValue } from './sqlite.connection.js';
import { ROW_MISSING } from './sqlite.messages.js';
import { CLOCK_TABLE, type SqliteTables } from './sqlite.schema.js';
import { checkText, integerOf } from './sqlite.text.js';

type LockWrite = Extract<Mutation, { op: 'insert' | 'update' | 'upsert'; table: 'lock' }>;

/**
 * Writes the mutations in their order, inside a transaction of the caller. If a mutation fails, the caller rolls back.
 *
 * @returns their timestamp, in ns
 */
export function applyMutations(
  connection: SqliteConnection,
  tables: Required<SqliteTables>,
  clock: BootClock,
  mutations: readonly Mutation[],
): bigint {
  const timestamp = nextTimestamp(connection);
  const heartbeat = clock.heartbeat();
  for (const mutation of mutations) {
    if (mutation.table === 'log') applyToLog(connection, tables.logTable, mutation, timestamp);
    else applyToLock(connection, tables.lockTable, mutation, { timestamp, heartbeat });
  }
  return timestamp;
}

/**
 * The wall clock, but strictly rising, even after the clock is set back (COUNTER-FOR-TIME). A write transaction has no
 * other writer, so timestamps rise in the order of the commits.
 */
function nextTimestamp(connection: SqliteConnection): bigint {
  const now = BigInt(Date.now()) * 1_000_000n;
  const [[last]] = connection.rows(
    `INSERT INTO "${CLOCK_TABLE}" (one, last) VALUES (1, ?)
      ON CONFLICT (one) DO UPDATE SET last = max(last + 1, excluded.last) RETURNING last`,
    [now],
  );
  return integerOf(last);
}

function applyToLog(
  connection: SqliteConnection,
  table: string,
  mutation: Extract<Mutation, { table: 'log' }>,
  timestamp: bigint,
): void {
  const key = checkText('key', mutation.key);
  const id = checkText('id', mutation.id);
  if (mutation.op === 'delete') {
    connection.run(`DELETE FROM "${table}" WHERE key = ? AND id = ?`, [key, id]);
    return;
  }
  connection.run(
    `INSERT INTO "${table}" (id, key, leader, timestamp, value) VALUES (?, ?, ?, ?, ?)`,
    [id, key, checkText('leader', mutation.leader), timestamp, checkText('value', mutation.value)],
  );
}

function applyToLock(
  connection: SqliteConnection,
  table: string,
  mutation: Extract<Mutation, { table: 'lock' }>,
  now: { timestamp: bigint; heartbeat: string },
): void {
  const name = checkText('name', mutation.name);
  if (mutation.op === 'delete') {
    connection.run(`DELETE FROM "${table}" WHERE name = ?`, [name]);
    return;
  }
  const given = givenColumns(mutation, now);
  if (mutation.op === 'update') {
    // Without columns to write, it must still find the row.
    const sets = given.length > 0 ? given.map(([column]) => `${column} = ?`) : ['writer = writer'];
    const values = given.map(([, value]) => value);
    const sql = `UPDATE "${table}" SET ${sets.join(', ')} WHERE name = ?`;
    if (connection.run(sql, [...values, name]) === 0) {
      throw new StoreError('row-missing', ROW_MISSING(name));
    }
    return;
  }
  const columns = [['name', name] as const, ...given];
  const insert = `INSERT INTO "${table}" (${columns.map(([column]) => column).join(', ')})
    VALUES (${columns.map(() => '?').join(', ')})`;
  const values = columns.map(([, value]) => value);
  connection.run(mutation.op === 'insert' ? insert : insert + orElseUpdate(given), values);
}

function orElseUpdate(given: readonly (readonly [string, SqliteValue])[]): string {
  if (given.length === 0) return ' ON CONFLICT (name) DO NOTHING';
  const sets = given.map(([column]) => `${column} = excluded.${column}`);
  return ` ON CONFLICT (name) DO UPDATE SET ${sets.join(', ')}`;
}

/** An update writes only these columns. An insert leaves the others null. */
function givenColumns(
  { writer, heartbeat, token }: LockWrite,
  now: { timestamp: bigint; heartbeat: string },
): [string, SqliteValue][] {
  const given: [string, SqliteValue][] = [];
  if (writer !== undefined) given.push(['writer', checkText('writer', writer)]);
  if (heartbeat !== undefined) given.push(['heartbeat', heartbeat && now.heartbeat]);
  if (token !== undefined) given.push(['token', token && now.timestamp]);
  return given;
}
