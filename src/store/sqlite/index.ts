export { sqliteSchema, type SqliteTables } from './sqlite.schema.js';
export { sqliteStore, type SqliteStoreOptions } from './sqlite.store.js';
