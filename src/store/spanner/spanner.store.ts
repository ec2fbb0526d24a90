import type { Database } from '@google-cloud/spanner';
import { StoreError } from '../../errors/index.js';
import type {
  Decision,
  EntryQuery,
  LockRow,
  Mutation,
  Outcome,
  OutcomeQuery,
  RowQuery,
  StoreCall,
  StoredEntry,
  TransactionResult,
} from '../hedge.store.js';
import type { SchemaStore } from '../schema.store.js';
import { Attempt } from './spanner.attempt.js';
import { SpannerConnection } from './spanner.connection.js';
import { encodeMutations, protoTimestamp } from './spanner.encoding.js';
import { readEntries } from './spanner.entries.js';
import { isIndexMissing, isSessionLost, toStoreError } from './spanner.failure.js';
import { NOT_OPEN } from './spanner.messages.js';
import {
  assertCreateTables,
  spannerDatabaseName,
  spannerTables,
  type SpannerStoreOptions,
  type SpannerTables,
} from './spanner.options.js';
import { readOutcome } from './spanner.outcome.js';
import { loadSpannerPackage, type SpannerPackage } from './spanner.package.js';
import { lockRows } from './spanner.queries.js';
import { distinctLockRows, rowsOf } from './spanner.rows.js';
import { SpannerSessions } from './spanner.sessions.js';
import { openTables, type TablesOpened } from './spanner.tables.js';
import { nameOf, targetOfDatabase, targetOfName } from './spanner.target.js';
import { DecideError, transactOnce } from './spanner.transaction.js';

/** ms for the deletion of sessions in `close()`. */
const FAREWELL = 500;

interface Connected {
  readonly spannerPackage: SpannerPackage;
  readonly connection: SpannerConnection;
  readonly sessions: SpannerSessions;
}

/**
 * Keeps sessions, locks and the log in Cloud Spanner.
 *
 * @internal
 */
export class SpannerStore implements SchemaStore {
  readonly description: string;
  readonly #path: string;
  readonly #tables: SpannerTables;
  readonly #createTables: boolean;
  readonly #closing = new AbortController();
  #connected: Connected | undefined;
  #connecting: Promise<Connected> | undefined;
  #opened: TablesOpened | undefined;
  #index: string | undefined;

  constructor(
    private readonly database: Database | string,
    options: SpannerStoreOptions = {},
  ) {
    this.#tables = spannerTables(options);
    assertCreateTables(options.createTables);
    this.#createTables = options.createTables ?? false;
    const { lockTable, logTable } = this.#tables;
    this.#path =
      typeof database === 'string' ? spannerDatabaseName(database).path : nameOf(database);
    this.description = `Spanner ${this.#path} (${lockTable}, ${logTable})`;
  }

  get identity(): string {
    const { lockTable, logTable } = this.#tables;
    // A `Database` may not know its project until it connects.
    const path = this.#connected?.connection.target.name.path ?? this.#path;
    // Spanner's table names differ by more than case.
    return `${path} ${lockTable} ${logTable}`.toLowerCase();
  }

  get created(): readonly string[] {
    return this.#opened?.created ?? [];
  }

  get missing(): readonly string[] {
    return this.#opened?.missing ?? [];
  }

  open(call: StoreCall): Promise<void> {
    return this.#attempt(call, async (attempt) => {
      attempt.throwIfOver();
      const connected = await attempt.settle(this.#connect());
      const parts = { ...connected, tables: this.#tables };
      this.#opened = await openTables(parts, this.#createTables, attempt);
      this.#index = this.#opened.newestFirst;
    });
  }

  commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint> {
    return this.#call(call, ({ connection, sessions }, attempt) => {
      const encoded = encodeMutations(mutations, this.#tables);
      return sessions.use('lease', attempt, async ({ name: session }) => {
        const singleUseTransaction = { readWrite: {} };
        attempt.commitLeaves();
        try {
          const request = { session, singleUseTransaction, mutations: encoded };
          const { commitTimestamp } = await connection.call('commit', request, attempt);
          return protoTimestamp(commitTimestamp);
        } catch (error) {
          if (isSessionLost(error)) attempt.commitFailed();
          throw error;
        }
      });
    });
  }

  transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>> {
    return this.#call(call, ({ connection, sessions }, attempt) =>
      sessions.use('lease', attempt, (session) =>
        transactOnce(
          { connection, sessions, tables: this.#tables },
          session,
          query,
          decide,
          attempt,
        ),
      ),
    );
  }

  rows(query: RowQuery, call: StoreCall): Promise<LockRow[]> {
    return this.#call(call, ({ connection, sessions }, attempt) =>
      sessions.use('lease', attempt, async ({ name: session }) => {
        attempt.throwIfOver();
        const transaction = { singleUse: { readOnly: { strong: true } } };
        const request = { session, transaction, ...lockRows(this.#tables, query) };
        return distinctLockRows(rowsOf(await connection.call('executeSql', request, attempt)));
      }),
    );
  }

  entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]> {
    return this.#call(call, async ({ connection, sessions }, attempt) => {
      if (query.limit === 0) return [];
      const read = () =>
        sessions.use('log', attempt, ({ name }) => {
          const source = { connection, tables: this.#tables, index: this.#index };
          return readEntries(source, query, name, attempt);
        });
      try {
        return await read();
      } catch (error) {
        if (!isIndexMissing(error) || !this.#index) throw error;
        this.#index = undefined;
        return read();
      }
    });
  }

  outcome(query: OutcomeQuery, call: StoreCall): Promise<Outcome> {
    return this.#call(call, ({ connection, sessions }, attempt) =>
      sessions.use('lease', attempt, ({ name }) =>
        readOutcome(connection, this.#tables, query, name, attempt),
      ),
    );
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    // A connection that is still being made (looking for credentials, say) is closed later, without a wait.
    if (!this.#connected) this.#connecting?.then(disconnect).catch(() => undefined);
    else await disconnect(this.#connected);
  }

  #call<T>(
    call: StoreCall,
    work: (connected: Connected, attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    return this.#attempt(call, (attempt) => {
      attempt.throwIfOver();
      if (!this.#connected || !this.#opened) throw new StoreError('unavailable', NOT_OPEN);
      return work(this.#connected, attempt);
    });
  }

  async #attempt<T>(call: StoreCall, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    const attempt = new Attempt(call, this.#path, this.#closing.signal);
    try {
      return await work(attempt);
    } catch (error) {
      if (error instanceof DecideError) throw error.thrown;
      const database = this.#connected?.connection.target.name ?? spannerDatabaseName(this.#path);
      throw toStoreError(error, { phase: attempt.phase, database, tables: this.#tables });
    }
  }

  /** Connects once. After a failure, the next `open()` tries again. */
  #connect(): Promise<Connected> {
    this.#connecting ??= connect(this.database).then(
      (connected) => (this.#connected = connected),
      (error: unknown) => {
        this.#connecting = undefined;
        throw error;
      },
    );
    return this.#connecting;
  }
}

async function connect(database: Database | string): Promise<Connected> {
  const spannerPackage = loadSpannerPackage();
  const target =
    typeof database === 'string'
      ? targetOfName(database, spannerPackage)
      : await targetOfDatabase(database);
  const connection = await SpannerConnection.open(spannerPackage, target);
  return { spannerPackage, connection, sessions: new SpannerSessions(connection) };
}

async function disconnect({ sessions, connection }: Connected): Promise<void> {
  await sessions.close(FAREWELL);
  await connection.close();
}
