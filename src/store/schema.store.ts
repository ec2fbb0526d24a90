import type { HedgeStore } from './hedge.store.js';

/** A store that tells what became of its tables when it was opened. */
export interface SchemaStore extends HedgeStore {
  /** The statements that `open()` ran because what they create was missing. */
  readonly created: readonly string[];
  /** Those whose objects are not there still, and that the store works without. */
  readonly missing: readonly string[];
}
