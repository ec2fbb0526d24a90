import { HedgeError } from '../../errors/index.js';
import { DRIVER_MISSING } from './sqlite.messages.js';

/** The part of `libsql` in use. Its API is that of better-sqlite3. */
export interface SqliteDriver {
  new (file: string, options: { timeout: number }): SqliteDatabase;
}

/** A connection. */
export interface SqliteDatabase {
  /** Reading it on a closed connection ends the process (libsql 0.5 panics). */
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  defaultSafeIntegers(on: boolean): void;
  close(): void;
}

/** A value of a column, read with `raw` and 64-bit integers. */
export type SqliteColumn = bigint | string | Buffer | null;

/** A prepared statement. Read rows with `all`: `run` would leave the statement in progress. */
export interface SqliteStatement {
  raw(on: boolean): SqliteStatement;
  run(parameters: readonly unknown[]): { changes: number };
  all(parameters: readonly unknown[]): SqliteColumn[][];
}

/** `libsql` is an optional peer with a native binary. Only an app that uses this store loads it. */
export async function loadDriver(
  load: () => Promise<{ default: unknown }> = () => import('libsql'),
): Promise<SqliteDriver> {
  try {
    const { default: driver } = await load();
    if (isDriver(driver)) return driver;
    throw new TypeError('The default export of `libsql` is not a class.');
  } catch (cause) {
    throw new HedgeError('INVALID_OPTIONS', DRIVER_MISSING, { cause });
  }
}

function isDriver(driver: unknown): driver is SqliteDriver {
  return typeof driver === 'function';
}
