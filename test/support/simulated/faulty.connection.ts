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
import type { VirtualClock } from '../time/virtual.clock.js';
import { failed, type ModelStore } from './model.store.js';

/** What becomes of one request. */
export interface Fate {
  /** ms to the store; `undefined`: it never gets there. */
  readonly there: number | undefined;
  /** ms back; `undefined`: the answer is lost. */
  readonly back: number | undefined;
  /** The store aborts it (where it may). */
  readonly isAborted?: boolean;
  /** ms after the first that the same request gets there again, and it is the second answer that counts. */
  readonly again?: number;
  /** ms until the caller is told that the connection broke, whatever becomes of the request. */
  readonly broken?: number;
}

/** Decides over the requests of one member, one after the other. */
export type Network = (kind: 'read' | 'commit') => Fate;

/** One member's way to the store, through a network that may do anything to a request but change it. */
export class FaultyConnection implements HedgeStore {
  readonly description = 'model';

  constructor(
    private readonly store: ModelStore,
    private readonly clock: VirtualClock,
    private readonly network: Network,
  ) {}

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint> {
    return this.#call(call, (attempt) => {
      attempt.leaves();
      this.#send('commit', attempt, () => this.store.commit(mutations), attempt.resolve);
    });
  }

  transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>> {
    return this.#call(call, (attempt) => {
      this.#send(
        'read',
        attempt,
        () => this.store.snapshot(query),
        (snapshot) => {
          const { result, mutations } = decide(snapshot.rows);
          if (mutations.length === 0) return attempt.resolve({ result, timestamp: undefined });
          if (attempt.isOver()) return;
          attempt.leaves();
          let committed: bigint | undefined;
          // A transaction has an id: the store knows it when its commit comes twice.
          const execute = () => (committed ??= this.store.commit(mutations, snapshot));
          this.#send('commit', attempt, execute, (timestamp) =>
            attempt.resolve({ result, timestamp }),
          );
        },
      );
    });
  }

  rows(query: RowQuery, call: StoreCall): Promise<LockRow[]> {
    return this.#read(call, () => this.store.snapshot(query).rows);
  }

  entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]> {
    return this.#read(call, () => this.store.entries(query));
  }

  outcome(query: OutcomeQuery, call: StoreCall): Promise<Outcome> {
    return this.#read(call, () => this.store.outcome(query));
  }

  #read<T>(call: StoreCall, execute: () => T): Promise<T> {
    return this.#call(call, (attempt) => this.#send('read', attempt, execute, attempt.resolve));
  }

  #call<T>(call: StoreCall, begin: (attempt: Attempt<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const attempt = new Attempt<T>(this.clock, call, resolve, reject);
      if (!attempt.isOver()) begin(attempt);
    });
  }

  /** One request, and what its answer does in the member that is still waiting for it. */
  #send<A, T>(
    kind: 'read' | 'commit',
    attempt: Attempt<T>,
    execute: () => A,
    answered: (answer: A) => void,
  ): void {
    const { there, back, isAborted, again, broken } = this.network(kind);
    const { time } = this.clock;
    const arrive = (answers: boolean) => () => {
      const reply = this.#execute(attempt, execute, isAborted ?? false, answered);
      if (answers && back !== undefined) time.in(back, () => this.clock.deliver(reply));
    };
    if (there !== undefined) {
      time.in(there, arrive(again === undefined));
      if (again !== undefined) time.in(there + again, arrive(true));
    }
    if (broken !== undefined) {
      time.in(broken, () => this.clock.deliver(() => attempt.reject(failed('unavailable'))));
    }
  }

  #execute<A, T>(
    attempt: Attempt<T>,
    execute: () => A,
    isAborted: boolean,
    answered: (answer: A) => void,
  ): () => void {
    try {
      if (isAborted) throw failed('aborted');
      const answer = execute();
      return () => {
        if (!attempt.isSettled) answered(answer);
      };
    } catch (error) {
      return () => attempt.reject(error as Error);
    }
  }
}

/** A call under way, over when it is answered, its time is up or its caller gives up: as the adapters do it. */
class Attempt<T> {
  readonly #timer;
  readonly #until: number;
  #hasLeft = false;
  isSettled = false;

  constructor(
    private readonly clock: VirtualClock,
    private readonly call: StoreCall,
    private readonly onResult: (result: T) => void,
    private readonly onError: (error: Error) => void,
  ) {
    this.#until = clock.now().monotonic + call.timeout;
    this.#timer = clock.after(call.timeout, () => this.reject(failed('unavailable')));
    call.signal?.addEventListener('abort', this.#givenUp);
  }

  readonly resolve = (result: T): void => {
    if (this.#finish()) this.onResult(result);
  };

  reject(error: Error): void {
    if (this.#finish()) this.onError(error);
  }

  leaves(): void {
    this.#hasLeft = true;
  }

  /** Looked at right before anything is sent. */
  isOver(): boolean {
    if (this.call.signal?.aborted) this.#givenUp();
    else if (this.clock.now().monotonic >= this.#until) this.reject(failed('unavailable'));
    return this.isSettled;
  }

  readonly #givenUp = (): void => {
    this.reject(failed(this.#hasLeft ? 'unavailable' : 'given-up'));
  };

  #finish(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.#timer.cancel();
    this.call.signal?.removeEventListener('abort', this.#givenUp);
    return true;
  }
}
