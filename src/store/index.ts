export type * from './hedge.store.js';
export { keysBeginningWith } from './lock-row.js';
