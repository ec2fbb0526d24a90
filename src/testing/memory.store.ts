import { setImmediate as turn } from 'node:timers/promises';
import { onAbort } from '../abort.listeners.js';
import { StoreError } from '../errors/index.js';
import type { Decision, EntryQuery, HedgeStore, LockRow, Mutation, Outcome, OutcomeQuery, RowQuery, StoreCall, StoredEntry, TransactionResult } from '../store/index.js';
import type { MemoryTables } from './memory.tables.js';
import { MEMORY_STORE_CLOSED, MEMORY_STORE_GIVEN_UP } from './testing.messages.js';

/** One member's way to tables that others may use, too: no call ever waits for long. */
export class MemoryStore implements HedgeStore {
  readonly description: string = 'memory';
  readonly isEmbedded = true;
  #isClosed = false;
  #isStopped = false;

  constructor(
    private readonly tables: MemoryTables,
    readonly identity: string,
    /** Told of each call, before and after. */
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
      // `decide` is the caller's code: it may have aborted its own signal.
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

  /** No call is answered any more: whoever made it is no more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** As a database answers: not in the turn that asks, and what is urgent first. */
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

/** What is given up is not waited for, however many are before it. */
async function turnOrAbort({ signal }: StoreCall): Promise<void> {
  if (!signal) {
    await turn();
    return;
  }
  let unlisten!: () => void;
  const aborted = new Promise<void>((resolve) => {
    unlisten = onAbort(signal, resolve);
  });
  await Promise.race([turn(), aborted]);
  unlisten();
}
