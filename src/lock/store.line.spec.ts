import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { namedLock } from './lock.resource.js';
import { StoreLine } from './store.line.js';
import type { Waiter } from './waiting.line.js';

describe('StoreLine', () => {
  let time: VirtualTime;
  let clock: VirtualClock;
  let waiter: Waiter;

  beforeEach(() => {
    time = new VirtualTime();
    clock = new VirtualClock(time);
    waiter = new StoreLine(clock, () => 0.5).join(namedLock('g', 'job'));
  });

  it('lets each waiter ask the store at once', async () => {
    expect(await waiter.turn({ timeout: 1_000 })).toBe('take');
  });

  it('has waiters look again when the holder should be gone, at different moments', async () => {
    const turns: string[] = [];
    const turn = waiter.turn({ timeout: 5_000 }, 300).then((kind) => turns.push(kind));
    await time.advance(349);
    expect(turns).toEqual([]);
    await time.advance(2);
    await turn;

    expect(turns).toEqual(['look']);
    expect(clock.armed).toBe(0);
  });

  it('ends by the timeout, and at once by the signal', async () => {
    const timedOut = expect(waiter.turn({ timeout: 200 }, 300)).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining("the lock 'job'") as unknown,
    });
    await time.advance(201);
    await timedOut;
    const giveUp = new AbortController();
    const waiting = waiter.turn({ timeout: 5_000, signal: giveUp.signal }, 300);
    giveUp.abort();

    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(clock.armed).toBe(0);
  });
});
