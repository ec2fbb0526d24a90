import { setImmediate as tick } from 'node:timers/promises';
import { onAbort } from '../abort.listeners.js';
import { StoreError } from '../errors/index.js';
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
} from '../store/index.js';
import type { MemoryTables } from './memory.tables.js';
import { MEMORY_STORE_CLOSED, MEMORY_STORE_GIVEN_UP } from './testing.messages.js';

/** The store of a member, on tables that other members share. No call waits for long. */
export class MemoryStore implements HedgeStore {
  readonly description: string = 'memory';
  readonly isEmbedded = true;
  #isClosed = false;
  #isStopped = false;

  constructor(
    private readonly tables: MemoryTables,
    readonly identity: string,
    /** Called before and after each call. */
    private readonly touched: () => void = () => undefined,
  ) {}

  open(call: StoreCall): Promise<void> {
    return this.#inTurn(call, () => undefined);
  }

  commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint> {
    return this.#inTurn(call, () => this.tables.commit(mutations));
  }

  transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>> {
    return this.#inTurn(call, () => {
      const { result, mutations } = decide(this.tables.read(query));
      if (mutations.length === 0) return { result, timestamp: undefined };
      // `decide` is the caller's code, and may have aborted the signal.
      this.#check(call);
      return { result, timestamp: this.tables.commit(mutations) };
    });
  }

  rows(query: RowQuery, call: StoreCall): Promise<LockRow[]> {
    return this.#inTurn(call, () => this.tables.read(query));
  }

  entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]> {
    return this.#inTurn(call, () => this.tables.entries(query));
  }

  outcome(query: OutcomeQuery, call: StoreCall): Promise<Outcome> {
    return this.#inTurn(call, () => this.tables.outcome(query));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** Answers no more calls, because their caller is gone. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Answers as a database does: in a later tick, and urgent calls first. */
  async #inTurn<T>(call: StoreCall, work: () => T): Promise<T> {
    this.#check(call);
    this.touched();
    if (!call.isUrgent) await turnOrAbort(call);
    if (this.#isStopped) return new Promise<never>(() => undefined);
    this.#check(call);
    this.touched();
    return work();
  }

  #check({ signal }: StoreCall): void {
    if (this.#isClosed) throw new StoreError('unavailable', MEMORY_STORE_CLOSED);
    if (signal?.aborted) {
      throw new StoreError('given-up', MEMORY_STORE_GIVEN_UP, { cause: signal.reason });
    }
  }
}

/** An aborted call does not wait for the calls before it. */
async function turnOrAbort({ signal }: StoreCall): Promise<void> {
  if (!signal) {
    await tick();
    return;
  }
  let unlisten!: () => void;
  const aborted = new Promise<void>((resolve) => {
    unlisten = onAbort(signal, resolve);
  });
  await Promise.race([tick(), aborted]);
  unlisten();
}
