import type {
  Decision,
  EntryQuery,
  HedgeStore,
  LockRow,
  Mutation,
  Outcome,
  OutcomeQuery,
  RowQuery,
  StoreCall,
  StoredEntry,
  TransactionResult,
} from '../../../src/store/index.js';
import { failed, type ModelStore, type Snapshot } from './model.store.js';
import type { SeededRandom } from './seeded.random.js';
import type { VirtualClock } from '../time/virtual.clock.js';

/** ms from a member to the store, and as many back */
const WAY = 5;

interface Transaction {
  isAborted: boolean;
}

/**
 * A store that has one read-write transaction at a time, as Spanner's emulator: where two meet, mostly the newcomer is
 * aborted, and now and then the one that was there.
 */
export class SingleFile {
  aborts = 0;
  #open: Transaction | undefined;

  constructor(
    readonly model: ModelStore,
    private readonly random: SeededRandom,
  ) {}

  begin(): Transaction {
    if (this.#open && this.random.chance(0.8)) throw this.#aborted();
    if (this.#open) this.#open.isAborted = true;
    this.#open = { isAborted: false };
    return this.#open;
  }

  commit(
    transaction: Transaction,
    mutations: readonly Mutation[],
    snapshot?: Snapshot,
  ): bigint | undefined {
    if (transaction.isAborted) throw this.#aborted();
    this.#open = undefined;
    return mutations.length > 0 ? this.model.commit(mutations, snapshot) : undefined;
  }

  #aborted(): Error {
    this.aborts++;
    return failed('aborted');
  }
}

/** One member's way to it, on which nothing is lost. */
export class SingleFileStore implements HedgeStore {
  readonly description = 'model';

  constructor(
    private readonly file: SingleFile,
    private readonly clock: VirtualClock,
  ) {}

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint> {
    return this.#ask(call, () => this.file.commit(this.file.begin(), mutations)!);
  }

  async transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>> {
    const [transaction, snapshot] = await this.#ask(
      call,
      () => [this.file.begin(), this.file.model.snapshot(query)] as const,
    );
    const { result, mutations } = decide(snapshot.rows);
    // What writes nothing is rolled back, which takes a request, too.
    const timestamp = await this.#ask(call, () =>
      this.file.commit(transaction, mutations, snapshot),
    );
    return { result, timestamp };
  }

  rows(query: RowQuery, call: StoreCall): Promise<LockRow[]> {
    return this.#ask(call, () => this.file.model.snapshot(query).rows);
  }

  entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]> {
    return this.#ask(call, () => this.file.model.entries(query));
  }

  outcome(query: OutcomeQuery, call: StoreCall): Promise<Outcome> {
    return this.#ask(call, () => this.file.model.outcome(query));
  }

  async #ask<A>({ signal }: StoreCall, execute: () => A): Promise<A> {
    if (signal?.aborted) throw failed('given-up');
    await this.#pass(WAY);
    try {
      return execute();
    } finally {
      await this.#pass(WAY);
    }
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(ms, resolve);
    });
  }
}
