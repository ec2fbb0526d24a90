export type * from './hedge.store.js';
export {
  DATABASE_SHAPES,
  makeReadingStore,
  makeSchemaStore,
  makeSpannerStore,
  makeSqliteStore,
  parseDatabase,
  schemaOf,
  type DatabaseName,
  type StoreTables,
} from './choose.store.js';
export { byCodePoint } from './code.points.js';
export { keysBeginningWith } from './lock-row.js';
export type { SchemaStore } from './schema.store.js';
