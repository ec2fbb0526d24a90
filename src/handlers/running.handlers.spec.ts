import { describe, expect, it } from 'vitest';
import { SystemClock } from '../time/index.js';
import { RunningHandlers } from './running.handlers.js';

function pending(): { promise: Promise<string>; resolve: () => void; reject: () => void } {
  let resolve!: () => void;
  let reject!: () => void;
  const promise = new Promise<string>((onResolved, onRejected) => {
    resolve = () => onResolved('done');
    reject = () => onRejected(new Error('failed'));
  });
  return { promise, resolve, reject };
}

describe('running handlers', () => {
  const clock = new SystemClock();

  it('give back every result', async () => {
    const running = new RunningHandlers(clock);
    const { promise, resolve } = pending();

    expect(running.track(1)).toBe(1);
    expect(running.track(null)).toBeNull();
    expect(running.track(promise)).toBe(promise);
    resolve();
    await promise;
  });

  it('drain at once when none runs, and let no more start', async () => {
    const running = new RunningHandlers(clock);
    expect(running.isClosed).toBe(false);

    await running.drain(60_000);

    expect([running.isClosed, running.ended.aborted]).toEqual([true, true]);
  });

  it('are drained when the last has ended, well or not', async () => {
    const running = new RunningHandlers(clock);
    const [good, bad] = [pending(), pending()];
    void running.track(good.promise);
    running.track(bad.promise).catch(() => undefined);
    let isDrained = false;
    const drained = running.drain(60_000).then(() => (isDrained = true));

    good.resolve();
    await good.promise;
    await Promise.resolve();
    expect(isDrained).toBe(false);
    bad.reject();

    await drained;
  });

  it('have no longer than the timeout', async () => {
    const running = new RunningHandlers(clock);
    void running.track(pending().promise);

    const drained = running.drain(20);
    expect([running.isClosed, running.ended.aborted]).toEqual([true, false]);
    await drained;

    expect(running.ended.aborted).toBe(true);
  });
});
