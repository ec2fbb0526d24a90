export type * from './hedge.store.js';
export { makeSpannerStore, makeSqliteStore, type StoreTables } from './choose.store.js';
export { keysBeginningWith } from './lock-row.js';
