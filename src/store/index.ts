export type * from './hedge.store.js';
export { byCodePoint } from './code.points.js';
export { keysBeginningWith } from './stored.row.js';
export type { SchemaStore } from './schema.store.js';
