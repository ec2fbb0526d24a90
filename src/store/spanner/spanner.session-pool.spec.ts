import { describe, expect, it } from 'vitest';
import { Attempt } from './spanner.attempt.js';
import { SessionPool } from './spanner.session-pool.js';

const never = new AbortController().signal;
const attempt = (timeout = 1_000, signal?: AbortSignal) =>
  new Attempt(signal ? { timeout, signal } : { timeout }, 'd', never);

function poolOf(size: number) {
  let made = 0;
  const deleted: string[] = [];
  const source = {
    create: async () => `s${(made += 1)}`,
    delete: (session: string) => void deleted.push(session),
  };
  return { pool: new SessionPool(source, size, 'd'), source, deleted };
}

describe('SessionPool', () => {
  it('makes a session when none is idle, and reuses the one used last', async () => {
    const { pool } = poolOf(3);
    const first = await pool.take(attempt());
    const second = await pool.take(attempt());
    expect([first, second]).toEqual(['s1', 's2']);
    pool.give(first);
    pool.give(second);
    expect(await pool.take(attempt())).toBe('s2');
  });

  it('serves those that wait in order', async () => {
    const { pool } = poolOf(1);
    const session = await pool.take(attempt());
    const served: number[] = [];
    const waiting = [1, 2, 3].map(async (at) => {
      const taken = await pool.take(attempt());
      served.push(at);
      pool.give(taken);
    });
    pool.give(session);
    await Promise.all(waiting);
    expect(served).toEqual([1, 2, 3]);
  });

  it('serves what is urgent before those that wait', async () => {
    const { pool } = poolOf(1);
    const session = await pool.take(attempt());
    const served: string[] = [];
    const take = async (isUrgent: boolean) => {
      const taken = await pool.take(new Attempt({ timeout: 1_000, isUrgent }, 'd', never));
      served.push(isUrgent ? 'urgent' : 'patient');
      pool.give(taken);
    };
    const waiting = [false, false, true].map(take);
    pool.give(session);
    await Promise.all(waiting);
    expect(served).toEqual(['urgent', 'patient', 'patient']);
  });

  it('makes room when a session is dropped, or cannot be made', async () => {
    const { pool, source, deleted } = poolOf(1);
    pool.drop(await pool.take(attempt()));
    expect(deleted).toEqual(['s1']);
    const create = source.create;
    source.create = () => Promise.reject(new Error('no'));
    await expect(pool.take(attempt())).rejects.toThrow('no');
    source.create = create;
    expect(await pool.take(attempt())).toBe('s2');
  });

  it('lets nobody wait past its time or its signal, and loses no place by that', async () => {
    const { pool } = poolOf(1);
    const session = await pool.take(attempt());
    const abort = new AbortController();
    const aborted = pool.take(attempt(1_000, abort.signal));
    const late = pool.take(attempt(10));
    const patient = pool.take(attempt());
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ failure: 'given-up' });
    await expect(late).rejects.toMatchObject({ failure: 'unavailable' });
    pool.give(session);
    expect(await patient).toBe('s1');
  });

  it('passes a place on that came in the moment its waiter gave up', async () => {
    const { pool } = poolOf(1);
    const session = await pool.take(attempt());
    const abort = new AbortController();
    const aborted = pool.take(attempt(1_000, abort.signal));
    abort.abort();
    pool.give(session);
    await expect(aborted).rejects.toMatchObject({ failure: 'given-up' });
    expect(await pool.take(attempt(10))).toBe('s1');
  });
});
