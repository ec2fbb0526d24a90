/**
 * SQLite as the store, for the processes of one machine. Needs `libsql`.
 *
 * @module nestjs-hedge/sqlite
 */
export { sqliteSchema, type SqliteTables } from './sqlite.schema.js';
export { sqliteStore, type SqliteStoreOptions } from './sqlite.store.js';
