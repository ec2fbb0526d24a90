import type { PendingEntry } from './pending.entry.js';

/** Spanner takes 80,000 mutations in a commit; a row costs nine: five columns, and four of the index. */
const MOST_ROWS = 1_000;
/** characters: far below the 100 MB of a commit, and quickly sent */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/** The entries of the next commit, first come first served: at least one. */
export function takeBatch(queue: PendingEntry[]): { batch: PendingEntry[]; rest: PendingEntry[] } {
  let size = 0;
  let count = 0;
  for (const { entry } of queue) {
    size += entry.value.length + entry.key.length;
    if (count > 0 && (count >= MOST_ROWS || size > MOST_CHARACTERS)) break;
    count++;
  }
  return { batch: queue.slice(0, count), rest: queue.slice(count) };
}
