import type { StoredEntry } from '../../../src/store/index.js';
import { byAge } from '../../support/simulated/model.store.js';
import { violated } from './violation.js';

/** What callers were told about one entry. */
interface Put {
  readonly id: string;
  readonly key: string;
  /** The puts of the same caller that were acknowledged before this one began. */
  readonly after: string | undefined;
  acknowledged?: bigint;
  /** Some attempt ended without saying whether it wrote the entry, or has not ended. */
  isUnknown: boolean;
  open: number;
}

/** Compares what putting was answered with what is in the log at the end: invariant 4. */
export class PutLedger {
  readonly #puts = new Map<string, Put>();
  #count = 0;
  acknowledged = 0;
  refused = 0;

  /** @param after an entry of the same key that was acknowledged before this one is begun */
  begin(key: string, after?: string): string {
    const id = `entry-${String(++this.#count).padStart(6, '0')}`;
    this.#puts.set(id, { id, key, after, isUnknown: false, open: 0 });
    return id;
  }

  asked(id: string): void {
    this.#puts.get(id)!.open++;
  }

  acknowledge(id: string, timestamp: bigint): void {
    const put = this.#puts.get(id)!;
    put.open--;
    this.acknowledged++;
    if (put.acknowledged !== undefined && put.acknowledged !== timestamp) {
      violated(4, `${id} was acknowledged at ${put.acknowledged} and at ${timestamp}`);
    }
    put.acknowledged = timestamp;
  }

  rejected(id: string, code: string): void {
    const put = this.#puts.get(id)!;
    put.open--;
    if (code === 'NOT_LEADER' || code === 'TIMEOUT') this.refused++;
    else put.isUnknown = true;
  }

  check(log: ReadonlyMap<string, StoredEntry>): void {
    const byId = new Map<string, StoredEntry>();
    for (const entry of log.values()) {
      if (byId.has(entry.id)) violated(4, `${entry.id} is in the log twice`);
      byId.set(entry.id, entry);
    }
    for (const put of this.#puts.values()) {
      const entry = byId.get(put.id);
      if (put.acknowledged !== undefined && entry?.timestamp !== put.acknowledged) {
        violated(
          4,
          `${put.id} was acknowledged at ${put.acknowledged}, the log has ${entry?.timestamp}`,
        );
      }
      if (put.acknowledged === undefined && entry && !put.isUnknown && put.open === 0) {
        violated(4, `${put.id} was said not to be written, and it is in the log`);
      }
      const before = put.after === undefined ? undefined : byId.get(put.after);
      if (entry && before && byAge(before, entry) >= 0) {
        violated(4, `${put.id} began after ${put.after} was acknowledged, and comes before it`);
      }
    }
  }
}
