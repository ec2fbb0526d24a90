import type { HedgeStore } from './hedge.store.js';

/** A store that says which tables it created when it was opened. */
export interface SchemaStore extends HedgeStore {
  /** The statements that `open()` ran, because their objects were missing. */
  readonly created: readonly string[];
  /** The statements whose objects are still missing. The store works without them. */
  readonly missing: readonly string[];
}
