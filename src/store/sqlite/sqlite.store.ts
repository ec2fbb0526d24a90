import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HedgeError, StoreError } from '../../errors/index.js';
import type {
  Decision,
  EntryQuery,
  HedgeStore,
  LockRow,
  Mutation,
  Outcome,
  OutcomeQuery,
  RowQuery,
  StoreCall,
  StoredEntry,
  TransactionResult,
} from '../hedge.store.js';
import { BootClock } from './boot.clock.js';
import type { SchemaStore } from '../schema.store.js';
import { SerialCalls } from './serial.calls.js';
import { SqliteConnection, type SqliteAccess } from './sqlite.connection.js';
import { loadDriver } from './sqlite.driver.js';
import { selectedEntries, standingEntries, standingNames } from './sqlite.entries.js';
import {
  CLOSED,
  GIVEN_UP,
  INVALID_FILE,
  NOT_OPEN,
  NOT_UTF8,
  OPEN_TIMED_OUT,
  TABLES_MISSING,
  WRONG_TABLES,
} from './sqlite.messages.js';
import { applyMutations } from './sqlite.mutations.js';
import { selectedRows } from './sqlite.rows.js';
import {
  createdIn,
  hasTable,
  sqliteSchema,
  sqliteTables,
  type SqliteTables,
} from './sqlite.schema.js';
import { textOf } from './sqlite.text.js';

/**
 * The options of {@link sqliteStore}. There is no `createTables`: the store always creates missing tables, because the
 * file belongs to it alone.
 */
export type SqliteStoreOptions = SqliteTables;

/** ms between attempts to open a file that other processes set up at the same time. */
const OPEN_RETRY = 10;

/**
 * Makes the embedded store: an SQLite file that the processes of a single machine share. It needs the package `libsql`,
 * and a local disk, because locks on a network file system are not reliable.
 *
 * A process that is suspended (SIGSTOP, Ctrl-Z) during a write blocks all other writers until it continues or ends. A
 * process that is killed blocks nobody. Acknowledged writes are on the disk. A call waits at most 80 ms for the writer
 * of another process, and then fails with `aborted`.
 *
 * @param file A path, or `':memory:'` for a database that only the apps with this store object share.
 * @throws `INVALID_OPTIONS` for an invalid file or table name
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [HedgeModule.forRoot({ store: sqliteStore('./hedge.db'), lockName: 'orders' })],
 * })
 * class AppModule {}
 * ```
 */
export function sqliteStore(file: string, options: SqliteStoreOptions = {}): HedgeStore {
  return openedAs('create', file, options);
}

/**
 * The same store for programs that are not members, such as the command line.
 *
 * @param access `existing`: creates tables, but no file. `read-only`: creates neither.
 * @throws `INVALID_OPTIONS` for an invalid file or table name
 */
export function openedAs(
  access: SqliteAccess,
  file: string,
  options: SqliteStoreOptions,
): SchemaStore {
  // A path with a NUL would make the driver end the process.
  if (typeof file !== 'string' || file === '' || file.includes('\0')) {
    throw new HedgeError('INVALID_OPTIONS', INVALID_FILE(file));
  }
  return new SqliteStore(file === ':memory:' ? file : resolve(file), sqliteTables(options), access);
}

class SqliteStore implements SchemaStore {
  readonly description: string;
  readonly isEmbedded = true;
  readonly #path: string;
  readonly #tables: Required<SqliteTables>;
  readonly #clock = new BootClock();
  readonly #calls = new SerialCalls();
  #connection: SqliteConnection | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;
  #identity = '';
  #created: readonly string[] = [];
  readonly missing = [];

  constructor(
    path: string,
    tables: Required<SqliteTables>,
    private readonly access: SqliteAccess,
  ) {
    this.#path = path;
    this.#tables = tables;
    this.description = `SQLite ${path}`;
  }

  get identity(): string {
    return this.#identity;
  }

  get created(): readonly string[] {
    return this.#created;
  }

  async open(call: StoreCall): Promise<void> {
    this.#checkCall(call);
    this.#opening ??= this.#connect(call.timeout).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    await this.#opening;
  }

  async commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint> {
    return this.#run(call, (connection) =>
      connection.writing(() => this.#applied(connection, mutations)),
    );
  }

  async transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>> {
    return this.#run(call, (connection) =>
      connection.writing(() => {
        const { result, mutations } = decide(this.#selected(connection, query));
        if (mutations.length === 0) return { result, timestamp: undefined };
        // From here to the commit nothing else runs, so this is "right before". `decide` is the caller's code, and may have
        // aborted the signal or closed this store.
        this.#checkCall(call);
        return { result, timestamp: this.#applied(connection, mutations) };
      }),
    );
  }

  async rows(query: RowQuery, call: StoreCall): Promise<LockRow[]> {
    return this.#run(call, (connection) =>
      connection.reading(() => this.#selected(connection, query)),
    );
  }

  async entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]> {
    return this.#run(call, (connection) =>
      selectedEntries(connection, this.#tables.logTable, query),
    );
  }

  async outcome({ entries, names }: OutcomeQuery, call: StoreCall): Promise<Outcome> {
    return this.#run(call, (connection) =>
      connection.reading(() => ({
        entries: standingEntries(connection, this.#tables.logTable, entries),
        names: standingNames(connection, this.#tables.lockTable, names),
      })),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.access !== 'read-only') this.#connection?.checkpoint();
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #run<T>(call: StoreCall, work: (connection: SqliteConnection) => T): Promise<T> {
    this.#checkCall(call);
    return this.#calls.run(call, () => {
      this.#checkCall(call);
      if (!this.#connection) throw new StoreError('unavailable', NOT_OPEN(this.#path));
      return work(this.#connection);
    });
  }

  #checkCall({ signal }: StoreCall): void {
    if (this.#closed) throw new StoreError('unavailable', CLOSED(this.#path));
    if (signal?.aborted) {
      throw new StoreError('given-up', GIVEN_UP, { cause: signal.reason });
    }
  }

  #selected(connection: SqliteConnection, query: RowQuery): LockRow[] {
    return selectedRows(connection, this.#tables.lockTable, this.#clock, query);
  }

  #applied(connection: SqliteConnection, mutations: readonly Mutation[]): bigint {
    return applyMutations(connection, this.#tables, this.#clock, mutations);
  }

  async #connect(timeout: number): Promise<void> {
    const driver = await loadDriver();
    const end = performance.now() + timeout;
    for (;;) {
      if (this.#closed) throw new StoreError('unavailable', CLOSED(this.#path));
      try {
        this.#connection = this.#prepared(new SqliteConnection(driver, this.#path, this.access));
        this.#identity = this.#identityOf(this.#connection);
        return;
      } catch (error) {
        // To switch a new file to write-ahead logging, SQLite needs the file alone, and does not wait for it.
        if (!(error instanceof StoreError) || error.failure !== 'aborted') throw error;
        if (performance.now() >= end) {
          throw new StoreError('unavailable', OPEN_TIMED_OUT(this.#path, timeout), {
            cause: error,
          });
        }
      }
      await delay(OPEN_RETRY * (1 + Math.random()));
    }
  }

  /** It identifies the file, not the path: links, mounts and working directories give a file many paths. */
  #identityOf({ identity }: SqliteConnection): string {
    const { lockTable, logTable } = this.#tables;
    const file = this.#path === ':memory:' ? randomUUID() : `${this.#clock.bootId} ${identity}`;
    // SQLite's names of tables ignore case.
    return `${file} ${lockTable} ${logTable}`.toLowerCase();
  }

  #prepared(connection: SqliteConnection): SqliteConnection {
    try {
      const [[encoding]] = connection.rows('PRAGMA encoding');
      if (encoding !== 'UTF-8') {
        throw new StoreError('invalid', NOT_UTF8(this.#path, textOf(encoding)));
      }
      if (this.access === 'read-only') this.#findTables(connection);
      else this.#created = connection.writing(() => createdIn(connection, this.#tables));
      this.#checkTables(connection);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  #findTables(connection: SqliteConnection): void {
    const missing = Object.values(this.#tables).filter((table) => !hasTable(connection, table));
    if (missing.length === 0) return;
    const schema = sqliteSchema(this.#tables);
    throw new StoreError('invalid', TABLES_MISSING(this.#path, missing, schema));
  }

  /** Other tables with our names would otherwise fail at the first use, long after the start. */
  #checkTables(connection: SqliteConnection): void {
    const { lockTable, logTable } = this.#tables;
    try {
      connection.rows(`SELECT name, heartbeat, token, writer FROM "${lockTable}" LIMIT 0`);
      connection.rows(`SELECT id, key, leader, timestamp, value FROM "${logTable}" LIMIT 0`);
    } catch (cause) {
      throw new StoreError('invalid', WRONG_TABLES(this.#path, sqliteSchema(this.#tables)), {
        cause,
      });
    }
  }
}
