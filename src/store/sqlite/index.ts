/**
 * SQLite as the store, for processes of a single machine. Needs `libsql`.
 *
 * @module nestjs-hedge/sqlite
 */
export { sqliteSchema, type SqliteTables } from './sqlite.schema.js';
export { sqliteStore, type SqliteStoreOptions } from './sqlite.store.js';
