import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { StoreError } from '../../errors/index.js';
import type {
  SqliteColumn,
  SqliteDatabase,
  SqliteDriver,
  SqliteStatement,
} from './sqlite.driver.js';
import { commitError, statementError } from './sqlite.errors.js';
import { CANNOT_OPEN, CANNOT_READ, FILE_REPLACED, NO_FILE } from './sqlite.messages.js';

/** A value bound to a parameter. Numbers would be stored as reals, so integers are bigints. */
export type SqliteValue = string | bigint | null;

/**
 * ms that a statement waits for the write of another process. Calls block the event loop, so it is short. The caller
 * tries again, and heartbeats run in between.
 */
const BUSY_TIMEOUT = 80;

/** `existing`: never makes a file. `read-only`: never makes or writes a file. */
export type SqliteAccess = 'create' | 'existing' | 'read-only';

/** An open database. Its failures are `StoreError`s, and it prepares each statement once. */
export class SqliteConnection {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();
  /** Identifies the file, whatever its path. */
  readonly identity: string;
  #closed = false;

  /** @param path absolute (a name like `libsql:…` would be dialed), or `:memory:` */
  constructor(
    driver: SqliteDriver,
    readonly path: string,
    access: SqliteAccess = 'create',
  ) {
    if (access !== 'create' && identityOf(path) === GONE) {
      throw new StoreError('invalid', NO_FILE(path));
    }
    try {
      this.#database = new driver(locationOf(path, access), { timeout: BUSY_TIMEOUT });
    } catch (cause) {
      const text = access === 'read-only' ? CANNOT_READ(path) : CANNOT_OPEN(path);
      throw new StoreError('invalid', text, { cause });
    }
    try {
      // Tokens and timestamps are nanoseconds, beyond what a number holds exactly.
      this.#database.defaultSafeIntegers(true);
      if (access !== 'read-only') this.#prepareForWriting();
      this.identity = identityOf(path);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Rows as arrays, in the order of the columns selected. */
  rows(sql: string, parameters: readonly SqliteValue[] = []): SqliteColumn[][] {
    return this.#attempt(() => this.#prepared(sql).raw(true).all(parameters));
  }

  /** @returns how many rows were changed */
  run(sql: string, parameters: readonly SqliteValue[]): number {
    return this.#attempt(() => this.#prepared(sql).run(parameters).changes);
  }

  exec(sql: string): void {
    this.#attempt(() => this.#database.exec(sql));
  }

  /** Reads a single state of the database, whatever other processes write meanwhile. */
  reading<T>(work: () => T): T {
    return this.#transaction('BEGIN', work);
  }

  /** Writes all changes of `work`, or nothing if `work` throws. */
  writing<T>(work: () => T): T {
    // After a deletion of the file, this process would keep its old copy, and others would make a new, empty one.
    if (identityOf(this.path) !== this.identity) {
      throw new StoreError('invalid', FILE_REPLACED(this.path));
    }
    // Takes the write lock at once. A transaction that reads first and then meets another writer can only fail.
    return this.#transaction('BEGIN IMMEDIATE', work);
  }

  /**
   * Moves the write-ahead log into the file, so that a copy of the file alone is complete. SQLite does it when a
   * connection ends, but the driver only ends a connection after the garbage collector has found all statements.
   */
  checkpoint(): void {
    try {
      this.rows('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // Nothing is lost: the next process that opens the file does it.
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#rollBack();
    this.#closed = true;
    this.#statements.clear();
    this.#database.close();
  }

  #prepareForWriting(): void {
    // With it, readers and the writer do not wait for each other. SQLite refuses it without shared memory and for
    // ':memory:'. Everything works without it, with longer waits.
    this.rows('PRAGMA journal_mode = WAL');
    // An fsync per commit, so that an acknowledged put survives a power cut and not only a crash.
    this.exec('PRAGMA synchronous = FULL');
  }

  #transaction<T>(begin: string, work: () => T): T {
    this.exec(begin);
    try {
      const result = work();
      this.#attempt(() => this.#database.exec('COMMIT'), commitError);
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    // SQLite itself rolls back after some errors (a full disk). A closed connection must not be asked.
    if (!this.#closed && this.#database.inTransaction) this.exec('ROLLBACK');
  }

  #prepared(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #attempt<T>(work: () => T, translate = statementError): T {
    try {
      return work();
    } catch (error) {
      throw translate(error, this.path);
    }
  }
}

const GONE = 'gone';

/** SQLite's own URI has the mode of access, with the path encoded. */
function locationOf(path: string, access: SqliteAccess): string {
  if (access === 'create') return path;
  return `${pathToFileURL(path).href}?mode=${access === 'existing' ? 'rw' : 'ro'}`;
}

/** Identifies the file at the path. */
function identityOf(path: string): string {
  if (path === ':memory:') return path;
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return GONE;
  }
}
