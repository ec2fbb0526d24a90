import { HedgeError } from '../../errors/index.js';
import { DRIVER_MISSING } from './sqlite.messages.js';

/** What is used of `libsql`, whose API is better-sqlite3's. */
export interface SqliteDriver {
  new (file: string, options: { timeout: number }): SqliteDatabase;
}

/** One connection. */
export interface SqliteDatabase {
  /** Asking it of a closed connection kills the process (libsql 0.5 panics). */
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  defaultSafeIntegers(on: boolean): void;
  close(): void;
}

/** What a column holds, read with `raw` and 64-bit integers. */
export type SqliteColumn = bigint | string | Buffer | null;

/** A prepared statement. One that returns rows has to be read with `all`: `run` would leave it in progress. */
export interface SqliteStatement {
  raw(on: boolean): SqliteStatement;
  run(parameters: readonly unknown[]): { changes: number };
  all(parameters: readonly unknown[]): SqliteColumn[][];
}

/** `libsql` is an optional peer with a native binary: only an app that uses this store loads it. */
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
