import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sleep, SystemClock } from './clock.js';

describe('the clock of the process', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([1_000, 2 ** 31, Infinity])('does not call before its time: %d ms', (ms) => {
    const call = vi.fn();
    new SystemClock().after(ms, call);
    vi.advanceTimersByTime(999);

    expect(call).not.toHaveBeenCalled();
  });

  it('lets many sleep under one signal, which wakes them all', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const clock = new SystemClock();
    const sleeping = Promise.all(Array.from({ length: 20 }, () => sleep(clock, 1_000, signal)));
    const listeners = getEventListeners(signal, 'abort').length;
    controller.abort();
    await sleeping;

    expect(listeners).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
