import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { onAbort } from './abort.listeners.js';

describe('the listeners of a signal', () => {
  it('are called when it is aborted, but for those that have left', () => {
    const controller = new AbortController();
    const stays = vi.fn();
    const leaves = vi.fn();
    onAbort(controller.signal, stays);
    onAbort(controller.signal, leaves)();
    controller.abort();

    expect(stays).toHaveBeenCalledOnce();
    expect(leaves).not.toHaveBeenCalled();
  });

  it('are one to the signal, however many they are, and none once all have left', () => {
    const { signal } = new AbortController();
    const leave = Array.from({ length: 100 }, () => onAbort(signal, () => undefined));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);

    for (const each of leave) each();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('may come anew after all have left', () => {
    const controller = new AbortController();
    const listener = vi.fn();
    onAbort(controller.signal, () => undefined)();
    onAbort(controller.signal, listener);
    controller.abort();

    expect(listener).toHaveBeenCalledOnce();
  });
});
