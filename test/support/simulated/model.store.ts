import { StoreError } from '../../../src/errors/index.js';
import type { LockRow, Mutation, RowQuery } from '../../../src/store/index.js';
import { isIn, MemoryTables } from '../../../src/testing/memory.tables.js';
import type { VirtualTime } from '../time/virtual.clock.js';

export { byAge } from '../../../src/testing/memory.tables.js';

/** What a transaction read, and when: it may commit only if nothing of that was written since. */
export interface Snapshot {
  readonly rows: LockRow[];
  readonly version: number;
  reads(name: string): boolean;
}

/** Looks at every commit before it is applied. */
export type CommitWitness = (mutations: readonly Mutation[], store: ModelStore) => void;

export interface ModelStoreSetting {
  readonly time: VirtualTime;
  /** How fast the store's clock goes. @default 1 */
  readonly pace?: number;
  /** ms by which one reading of the store's clock may differ from another. @default 0 */
  skew?(): number;
  /** Forget what transactions have read by the time they commit. @default false */
  readonly isForgetful?: boolean;
  readonly witness?: CommitWitness;
}

/** The two tables as Spanner keeps them: serializable, with commit timestamps that rise. */
export class ModelStore extends MemoryTables {
  /** By row, the version that wrote (or deleted) it last. */
  readonly #written = new Map<string, number>();
  #version = 0;

  constructor(private readonly setting: ModelStoreSetting) {
    const { time, pace = 1 } = setting;
    super(() => 1_000_000 + time.now * pace);
  }

  /**
   * All of the mutations, or none.
   * @throws StoreError `row-missing`, `row-exists`; `aborted` when what the snapshot read was written since
   */
  override commit(mutations: readonly Mutation[], snapshot?: Snapshot): bigint {
    if (snapshot && !this.setting.isForgetful && this.#isStale(snapshot)) throw failed('aborted');
    this.check(mutations);
    this.setting.witness?.(mutations, this);
    this.#version++;
    for (const mutation of mutations) {
      if (mutation.table === 'lock') this.#written.set(mutation.name, this.#version);
    }
    return super.commit(mutations);
  }

  /** How many there have been. */
  get commits(): number {
    return this.#version;
  }

  snapshot(query: RowQuery): Snapshot {
    const wanted = this.wanted(query);
    const inRange = isIn(query.range);
    const skew = this.setting.skew?.() ?? 0;
    return {
      rows: this.read(query, this.now() + skew),
      version: this.#version,
      reads: (name) => wanted.has(name) || inRange(name),
    };
  }

  #isStale(snapshot: Snapshot): boolean {
    for (const [name, version] of this.#written) {
      if (version > snapshot.version && snapshot.reads(name)) return true;
    }
    return false;
  }
}

export function failed(failure: StoreError['failure']): StoreError {
  return new StoreError(failure, `The model store says ${failure}.`);
}
