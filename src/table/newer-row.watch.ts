import type { Logger } from '@nestjs/common';
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
import { newerRowOf } from './row.format.js';
import { NEWER_ROW_FOUND } from './table.messages.js';

/** A member's store: it looks at each row that the member reads, and says once that there is one of a newer format. */
export class NewerRowWatch implements HedgeStore {
  #hasSaid = false;

  constructor(
    private readonly store: HedgeStore,
    private readonly logger: Logger,
  ) {}

  get description(): string {
    return this.store.description;
  }

  get isEmbedded(): boolean | undefined {
    return this.store.isEmbedded;
  }

  get identity(): string | undefined {
    return this.store.identity;
  }

  open(call: StoreCall): Promise<void> {
    return this.store.open(call);
  }

  commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint> {
    return this.store.commit(mutations, call);
  }

  transact<T>(
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
  ): Promise<TransactionResult<T>> {
    const watched = (rows: readonly LockRow[]) => {
      this.#look(rows);
      return decide(rows);
    };
    return this.store.transact(query, watched, call);
  }

  async rows(query: RowQuery, call: StoreCall): Promise<LockRow[]> {
    const rows = await this.store.rows(query, call);
    this.#look(rows);
    return rows;
  }

  entries(query: EntryQuery, call: StoreCall): Promise<StoredEntry[]> {
    return this.store.entries(query, call);
  }

  outcome(query: OutcomeQuery, call: StoreCall): Promise<Outcome> {
    return this.store.outcome(query, call);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  #look(rows: readonly LockRow[]): void {
    if (this.#hasSaid) return;
    for (const row of rows) {
      const newer = newerRowOf(row);
      if (!newer) continue;
      this.#hasSaid = true;
      this.logger.warn(NEWER_ROW_FOUND(row.name, newer.format));
      return;
    }
  }
}
