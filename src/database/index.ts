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
