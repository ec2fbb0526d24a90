import type { HedgeStore } from './hedge.store.js';

export interface StoreTables {
  readonly lockTable?: string;
  readonly logTable?: string;
  readonly createTables?: boolean;
}

/** Makes the Spanner store; its code is loaded by whoever chose it only. */
export async function makeSpannerStore(database: string, tables: StoreTables): Promise<HedgeStore> {
  const { spannerStore } = await import('./spanner/index.js');
  return spannerStore(database, tables);
}

/** Makes the embedded store; its code is loaded by whoever chose it only. */
export async function makeSqliteStore(file: string, tables: StoreTables): Promise<HedgeStore> {
  const { sqliteStore } = await import('./sqlite/index.js');
  return sqliteStore(file, tables);
}
