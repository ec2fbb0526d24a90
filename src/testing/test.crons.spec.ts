import { beforeEach, describe, expect, it } from 'vitest';
import { NO_SUCH_CRON } from './testing.messages.js';
import { TestCrons } from './test.crons.js';
import { TestClock, TestTime } from './test.time.js';

const MINUTE = 60_000;

describe('crons in a spec', () => {
  let time: TestTime;
  let clock: TestClock;
  let crons: TestCrons;
  let ticks: number[];
  let end: () => void;

  beforeEach(() => {
    time = new TestTime(30_000.25);
    clock = new TestClock(time);
    crons = new TestCrons(time, clock);
    ticks = [];
    crons.add({
      name: 'minutely',
      next: (after) => (Math.floor(after / MINUTE) + 1) * MINUTE,
      tick: () => {
        ticks.push(time.wall);
        return new Promise((resolve) => (end = resolve));
      },
    });
    crons.start();
  });

  it('tick at each of their slots, not a fraction before', async () => {
    await time.advance(29_999);
    expect(ticks).toEqual([]);
    await time.advance(120_001.75);
    expect(ticks).toEqual([MINUTE, 2 * MINUTE, 3 * MINUTE]);
  });

  it('are run at their next slot, and waited for', async () => {
    let isOver = false;
    const run = crons.run('minutely').then(() => (isOver = true));
    await time.settle();
    expect(ticks).toEqual([MINUTE]);
    expect(isOver).toBe(false);
    end();
    await run;
  });

  it('end with their app, and with their process', async () => {
    crons.clear();
    await time.advance(MINUTE);
    clock.stop();
    crons.add({
      name: 'dead',
      next: (after) => after + 1,
      tick: () => Promise.reject(new Error()),
    });
    crons.start();
    await time.advance(MINUTE);
    expect(ticks).toEqual([]);
  });

  it('have names', async () => {
    await expect(crons.run('hourly')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: NO_SUCH_CRON('hourly', ['minutely']),
    });
  });
});
