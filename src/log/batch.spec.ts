import { describe, expect, it } from 'vitest';
import { SystemClock, TimeLimit } from '../time/index.js';
import { takeBatch } from './batch.js';
import { PendingEntry } from './pending.entry.js';

function queueOf(count: number, size: number): PendingEntry[] {
  const value = 'x'.repeat(size);
  const limit = new TimeLimit(new SystemClock(), Infinity);
  return Array.from(
    { length: count },
    (_, at) => new PendingEntry({ id: `${at}`, key: 'k', value }, limit),
  );
}

describe('a batch', () => {
  it('takes all that wait, in their order', () => {
    const queue = queueOf(3, 1);

    expect(takeBatch(queue)).toEqual({ batch: queue, rest: [] });
  });

  it('leaves the rest of a long queue to the next', () => {
    const { batch, rest } = takeBatch(queueOf(1_500, 1));

    expect([batch.length, rest.length]).toEqual([1_000, 500]);
  });

  it('stays far below what a commit takes', () => {
    const { batch, rest } = takeBatch(queueOf(10, 2_621_440));

    expect([batch.length, rest.length]).toEqual([3, 7]);
  });

  it('takes at least one', () => {
    expect(takeBatch(queueOf(2, 9 * 1024 * 1024)).batch).toHaveLength(1);
  });
});
