import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../../src/errors/index.js';
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

/**
 * What befalls a call:
 * - `unavailable`: refused at once, nothing done;
 * - `silent`: nothing done, and no answer until the call's own time is over;
 * - `reply-lost`: done, but the answer never comes;
 * - `late`: as `silent`, but done after the caller has given up;
 * - `aborted`: nothing done, may be repeated.
 */
export type Fault = 'unavailable' | 'silent' | 'reply-lost' | 'late' | 'aborted';

export type StoreMethod = 'open' | 'commit' | 'transact' | 'rows' | 'entries' | 'outcome';

/** A store in front of another, which fails as told. It keeps to the port: no call outlasts its timeout. */
export class FaultyStore implements HedgeStore {
  readonly isEmbedded = true;
  /** What has been committed blindly, in order: one item per commit that landed. */
  readonly commits: (readonly Mutation[])[] = [];
  fault: (method: StoreMethod) => Fault | undefined = () => undefined;

  constructor(private readonly inner: HedgeStore) {}

  get description(): string {
    return `faulty ${this.inner.description}`;
  }

  get identity(): string {
    return this.inner.identity ?? '';
  }

  open(call: StoreCall): Promise<void> {
    return this.#call('open', call, () => this.inner.open(call));
  }

  commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint> {
    return this.#call('commit', call, async () => {
      const timestamp = await this.inner.commit(mutations, { timeout: call.timeout });
      this.commits.push(mutations);
      return timestamp;
    });
  }

  transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>> {
    return this.#call('transact', call, () => this.inner.transact(query, decide, call));
  }

  rows(query: RowQuery, call: StoreCall): Promise<LockRow[]> {
    return this.#call('rows', call, () => this.inner.rows(query, call));
  }

  entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]> {
    return this.#call('entries', call, () => this.inner.entries(query, call));
  }

  outcome(query: OutcomeQuery, call: StoreCall): Promise<Outcome> {
    return this.#call('outcome', call, () => this.inner.outcome(query, call));
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  async #call<T>(method: StoreMethod, call: StoreCall, work: () => Promise<T>): Promise<T> {
    switch (this.fault(method)) {
      case undefined:
        return work();
      case 'aborted':
        throw new StoreError('aborted', `${method} was aborted by the test`);
      case 'reply-lost':
        await work();
        break;
      case 'silent':
        await silence(call);
        break;
      case 'late':
        await silence(call);
        // Nobody listens to what becomes of it.
        void delay(5)
          .then(work)
          .catch(() => undefined);
        break;
      case 'unavailable':
    }
    throw new StoreError('unavailable', `${method} failed by the test`);
  }
}

/** Until the call's time is over or its signal aborted. */
async function silence({ timeout, signal }: StoreCall): Promise<void> {
  await delay(timeout, undefined, { signal }).catch(() => undefined);
}
