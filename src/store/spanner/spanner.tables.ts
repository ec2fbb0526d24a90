import { setTimeout as delay } from 'node:timers/promises';
import { HedgeError, StoreError } from '../../errors/index.js';
import { NoAnswerError, type Attempt } from './spanner.attempt.js';
import type { SpannerConnection } from './spanner.connection.js';
import { isConcurrentCreation, toStoreError } from './spanner.failure.js';
import { DDL_UNFINISHED, SCHEMA_UNFIT } from './spanner.messages.js';
import type { SpannerTables } from './spanner.options.js';
import type { SpannerPackage } from './spanner.package.js';
import { columnsOfTables, indexesOfTables, type Statement } from './spanner.queries.js';
import { rowsOf, type TextRow } from './spanner.rows.js';
import {
  LOCK_COLUMNS,
  LOCK_KEY,
  LOG_COLUMNS,
  LOG_KEY,
  NEWEST_FIRST,
  spannerSchema,
} from './spanner.schema.js';
import type { SpannerSessions } from './spanner.sessions.js';

/** The parts of the schema that the database has. */
export interface TablesFound {
  readonly missingTables: readonly string[];
  /** The faults of the existing tables, in words. */
  readonly faults: readonly string[];
  /** The name of an index that sorts each key's entries newest first. */
  readonly newestFirst: string | undefined;
}

/** The outcome of opening the tables. */
export interface TablesOpened {
  /** The newest-first index, if it exists. */
  readonly newestFirst: string | undefined;
  /** The statements that ran, because their objects were missing. */
  readonly created: readonly string[];
  /** The statements that the database refused. The store works without their objects. */
  readonly missing: readonly string[];
}

interface TablesParts {
  readonly spannerPackage: SpannerPackage;
  readonly connection: SpannerConnection;
  readonly sessions: SpannerSessions;
  readonly tables: SpannerTables;
}

/** Checks the tables, and creates missing parts if `createTables` says so. */
export async function openTables(
  parts: TablesParts,
  createTables: boolean,
  attempt: Attempt,
): Promise<TablesOpened> {
  const { tables, connection } = parts;
  let created: readonly string[] = [];
  for (;;) {
    const found = await findTables(parts, attempt);
    const { missingTables, faults, newestFirst } = found;
    const complete = missingTables.length === 0;
    if (faults.length > 0 || (!complete && !createTables)) {
      const all = [...missingTables.map((table) => `there is no table ${table}`), ...faults];
      const ddl = spannerSchema(tables);
      throw new StoreError('invalid', SCHEMA_UNFIT(connection.target.name, all.join('; '), ddl));
    }
    const missing = missingStatements(found, tables);
    const opened = { newestFirst, created, missing };
    if (complete && (newestFirst || !createTables || created.length > 0)) return opened;
    try {
      await runDdl(parts, missing, attempt);
      created = missing;
    } catch (error) {
      // Another member creates them. Uneven pauses keep several members from clashing for ever.
      if (isConcurrentCreation(error)) await attempt.settle(delay(50 + Math.random() * 150));
      // The index only saves time, so a member without the permission to create it works without it.
      else if (complete && !(error instanceof HedgeError)) return opened;
      else throw toStoreError(error, { phase: 'ddl', database: connection.target.name, tables });
    }
  }
}

async function findTables(
  { connection, sessions, tables }: TablesParts,
  attempt: Attempt,
): Promise<TablesFound> {
  const query = async (statement: Statement) => {
    const transaction = { singleUse: { readOnly: { strong: true } } };
    return sessions.use('lease', attempt, async ({ name: session }) =>
      rowsOf(await connection.call('executeSql', { session, transaction, ...statement }, attempt)),
    );
  };
  const columns = await query(columnsOfTables(tables));
  return tablesFound(tables, columns, await query(indexesOfTables(tables)));
}

/** Reads the answers of `columnsOfTables` and `indexesOfTables`. */
export function tablesFound(
  tables: SpannerTables,
  columns: readonly TextRow[],
  indexes: readonly TextRow[],
): TablesFound {
  const missingTables: string[] = [];
  const faults: string[] = [];
  const expected = [
    [tables.lockTable, LOCK_COLUMNS, LOCK_KEY],
    [tables.logTable, LOG_COLUMNS, LOG_KEY],
  ] as const;
  for (const [table, names, key] of expected) {
    const own = columns.filter((row) => isNamed(row[0], table));
    if (own.length === 0) {
      missingTables.push(table);
      continue;
    }
    faults.push(...names.flatMap((name) => columnFaults(table, name, own)));
    const primary = keyOf(table, 'PRIMARY_KEY', indexes).map((part) => part.split(' ')[0]);
    if (primary.join().toLowerCase() !== key.join()) {
      faults.push(
        `the primary key of ${table} is (${primary.join(', ')}), not (${key.join(', ')})`,
      );
    }
  }
  return { missingTables, faults, newestFirst: newestFirstIndex(tables.logTable, indexes) };
}

const MOMENTS: ReadonlySet<string> = new Set(['heartbeat', 'token', 'timestamp']);

function columnFaults(table: string, name: string, columns: readonly TextRow[]): string[] {
  const column = columns.find((row) => isNamed(row[1], name));
  if (!column) return [`${table} has no column ${name}`];
  const [, , type, commitTimestamps] = column;
  const expected = MOMENTS.has(name) ? 'TIMESTAMP' : 'STRING';
  if (!type?.startsWith(expected)) return [`${table}.${name} is ${type}, not ${expected}`];
  return expected === 'TIMESTAMP' && commitTimestamps?.toUpperCase() !== 'TRUE'
    ? [`${table}.${name} lacks OPTIONS (allow_commit_timestamp=true)`]
    : [];
}

function newestFirstIndex(logTable: string, indexes: readonly TextRow[]): string | undefined {
  const own = indexes.filter((row) => isNamed(row[0], logTable));
  const names = new Set(own.map((row) => row[1]!));
  names.delete('PRIMARY_KEY');
  return [...names].find((index) => {
    if (keyOf(logTable, index, own).join().toLowerCase() !== NEWEST_FIRST.join().toLowerCase()) {
      return false;
    }
    // It must have all columns that are read.
    const stored = own.filter((row) => row[1] === index && row[3] === null);
    return ['value', 'leader'].every((name) => stored.some((row) => isNamed(row[2], name)));
  });
}

/** The sort order of an index or primary key: `name ASC`, and so on. */
function keyOf(table: string, index: string, indexes: readonly TextRow[]): string[] {
  return indexes
    .filter((row) => isNamed(row[0], table) && row[1] === index && row[3] !== null)
    .toSorted((a, b) => Number(a[3]) - Number(b[3]))
    .map((row) => `${row[2]} ${row[4]}`);
}

/** Spanner's names of tables and columns ignore case. */
function isNamed(actual: string | null | undefined, name: string): boolean {
  return actual?.toLowerCase() === name.toLowerCase();
}

function missingStatements(
  found: TablesFound,
  { lockTable, logTable }: SpannerTables,
): readonly string[] {
  const [createLock, createLog, createIndex] = spannerSchema({ lockTable, logTable });
  const statements: string[] = [];
  if (found.missingTables.includes(lockTable)) statements.push(createLock);
  if (found.missingTables.includes(logTable)) statements.push(createLog);
  if (!found.newestFirst) statements.push(createIndex);
  return statements;
}

async function runDdl(
  { spannerPackage, connection }: TablesParts,
  statements: readonly string[],
  attempt: Attempt,
): Promise<void> {
  const { name, options } = connection.target;
  const admin = new spannerPackage.spanner.v1.DatabaseAdminClient(options);
  try {
    // Must come first, or its failure would also be an unhandled rejection.
    await attempt.settle(admin.initialize());
    const request = { database: name.path, statements: [...statements] };
    // gax documents null ("will not retry"), but its types lack it.
    const once = { timeout: attempt.remaining, retry: null } as object;
    const [operation] = await attempt.settle(admin.updateDatabaseDdl(request, once));
    await attempt.settle(operation.promise());
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    throw new NoAnswerError(name.path, attempt.timeout, DDL_UNFINISHED(attempt.timeout));
  } finally {
    admin.close().catch(() => undefined);
  }
}
