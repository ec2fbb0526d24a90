import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { abortWith, onAbort } from './abort.listeners.js';

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

describe('a controller that goes with a signal', () => {
  it('is aborted for its reason, at once where the signal was aborted before', () => {
    const source = new AbortController();
    const [early, late] = [new AbortController(), new AbortController()];
    abortWith(source.signal, early);
    source.abort('why');
    abortWith(source.signal, late);

    expect([early.signal.reason, late.signal.reason]).toEqual(['why', 'why']);
  });

  it('goes its own way once it has left, and without a signal', () => {
    const source = new AbortController();
    const controller = new AbortController();
    abortWith(source.signal, controller)();
    abortWith(undefined, controller)();
    source.abort();

    expect(controller.signal.aborted).toBe(false);
    expect(getEventListeners(source.signal, 'abort')).toEqual([]);
  });
});
