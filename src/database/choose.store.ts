import type { HedgeStore, SchemaStore } from '../store/index.js';

export interface StoreTables {
  readonly lockTable?: string;
  readonly logTable?: string;
  readonly createTables?: boolean;
}

/** The `database` option, read. */
export type DatabaseName =
  | { readonly kind: 'spanner'; readonly database: string }
  | { readonly kind: 'sqlite'; readonly file: string };

/** The forms of the option. */
export const DATABASE_SHAPES =
  "'projects/{project}/instances/{instance}/databases/{database}', 'sqlite:{file}' or 'sqlite::memory:'";

export function parseDatabase(text: string): DatabaseName | undefined {
  const file = /^sqlite:(.+)$/s.exec(text)?.[1];
  if (file !== undefined) return { kind: 'sqlite', file };
  const isSpanner = /^projects\/[^/]+\/instances\/[^/]+\/databases\/[^/]+$/.test(text);
  return isSpanner ? { kind: 'spanner', database: text } : undefined;
}

/** Makes the Spanner store. Only its users load its code. */
export async function makeSpannerStore(database: string, tables: StoreTables): Promise<HedgeStore> {
  const { spannerStore } = await import('../store/spanner/index.js');
  return spannerStore(database, tables);
}

/** Makes the embedded store. Only its users load its code. */
export async function makeSqliteStore(file: string, tables: StoreTables): Promise<HedgeStore> {
  const { sqliteStore } = await import('../store/sqlite/index.js');
  return sqliteStore(file, tables);
}

/** Makes a store that only reads. It creates no tables and no file, and its database must exist. */
export async function makeReadingStore(
  name: DatabaseName,
  tables: StoreTables,
): Promise<HedgeStore> {
  if (name.kind === 'spanner') return makeSpannerStore(name.database, tables);
  const { openedAs } = await import('../store/sqlite/sqlite.store.js');
  return openedAs('read-only', name.file, tables);
}

/** Makes a store whose `open()` creates the tables. Its database must exist. */
export async function makeSchemaStore(
  name: DatabaseName,
  tables: StoreTables,
): Promise<SchemaStore> {
  if (name.kind === 'spanner') {
    const { SpannerStore } = await import('../store/spanner/spanner.store.js');
    return new SpannerStore(name.database, { ...tables, createTables: true });
  }
  const { openedAs } = await import('../store/sqlite/sqlite.store.js');
  return openedAs('existing', name.file, tables);
}

/** The DDL of a kind of store. */
export async function schemaOf(kind: DatabaseName['kind'], tables: StoreTables): Promise<string[]> {
  if (kind === 'spanner') {
    const { spannerSchema } = await import('../store/spanner/index.js');
    return spannerSchema(tables);
  }
  const { sqliteSchema } = await import('../store/sqlite/sqlite.schema.js');
  return sqliteSchema(tables);
}
