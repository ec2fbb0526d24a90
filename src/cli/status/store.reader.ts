import { setTimeout as delay } from 'node:timers/promises';
import { HedgeError, StoreError } from '../../errors/index.js';
import {
  byCodePoint,
  type HedgeStore,
  type KeyRange,
  type LockRow,
  type RowQuery,
  type StoreCall,
} from '../../store/index.js';
import { NOT_IN_TIME } from './status.messages.js';

/** Rows per read. A table may be larger than memory, and its database also serves the members. */
const PAGE = 1_000;
/** ms until the next attempt, when only another call was in the way */
const PAUSE = 20;

export interface RowPage {
  /** The rows of the range, in the order of their names. */
  readonly rows: readonly LockRow[];
  /** These rows and the sessions that own them. */
  readonly byName: ReadonlyMap<string, LockRow>;
}

/** Reads the lock table within a time limit. It writes nothing and takes no locks. */
export class StoreReader {
  readonly #end: number;

  constructor(
    private readonly store: HedgeStore,
    private readonly timeout: number,
  ) {
    this.#end = performance.now() + timeout;
  }

  open(): Promise<void> {
    return this.#call((call) => this.store.open(call));
  }

  rows(query: RowQuery): Promise<LockRow[]> {
    return this.#call((call) => this.store.rows(query, call));
  }

  /** @param owners the prefix of the names of sessions */
  async *pages({ from, to }: KeyRange, owners?: string): AsyncGenerator<RowPage> {
    for (let next = from; ;) {
      const found = await this.rows({ range: { from: next, to }, limit: PAGE, owners });
      // The sessions in the answer are of the same group. Those after this page are on a later page too.
      const rows = found
        .filter(({ name }) => byCodePoint(name, next) >= 0 && byCodePoint(name, to) < 0)
        .toSorted((one, other) => byCodePoint(one.name, other.name))
        .slice(0, PAGE);
      yield { rows, byName: new Map(found.map((row) => [row.name, row])) };
      if (rows.length < PAGE) return;
      next = `${rows.at(-1)!.name}\0`;
    }
  }

  close(): Promise<void> {
    return this.store.close();
  }

  async #call<T>(attempt: (call: StoreCall) => Promise<T>): Promise<T> {
    for (;;) {
      const timeout = Math.ceil(this.#end - performance.now());
      if (timeout <= 0) throw new HedgeError('TIMEOUT', NOT_IN_TIME(this.timeout));
      try {
        return await attempt({ timeout });
      } catch (error) {
        if (!(error instanceof StoreError) || error.failure !== 'aborted') throw error;
      }
      await delay(PAUSE);
    }
  }
}
