import { NEVER, Observable, of } from 'rxjs';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { invokeBounded, lastReply, type HandlerBounds } from './bounded.handler.js';
import { HedgeContext } from './hedge.context.js';

describe('a bounded handler', () => {
  const scope = new AsyncLocalStorage<string>();
  const cut = new Error('cut short');
  const context = new HedgeContext('a:1', 1n, 'x', () => AbortSignal.abort());

  function boundsOf(signal: () => AbortSignal): HandlerBounds {
    return { signal, run: (fn) => scope.run('inside', fn), cutShort: () => cut };
  }

  function replyOf(method: () => unknown, signal = () => new AbortController().signal) {
    const invoke = async () => {
      const result = await invokeBounded(method, boundsOf(signal));
      return result instanceof Observable ? result : of(result);
    };
    return lastReply(invoke, undefined, context);
  }

  it('replies with the result of the method, and asks for no signal then', async () => {
    expect(await replyOf(() => 1, unasked)).toBe(1);
    expect(await replyOf(() => Promise.resolve(2), unasked)).toBe(2);
  });

  it('replies with the last value of an Observable, and with nothing for an empty one', async () => {
    expect(await replyOf(() => of(1, 2, 3))).toBe(3);
    expect(await replyOf(() => Promise.resolve(of(4)))).toBe(4);
    expect(await replyOf(() => of())).toBeUndefined();
  });

  it('runs the method and its Observable in the same context', async () => {
    const reply = replyOf(() => {
      const called = scope.getStore();
      return new Observable((subscriber) => {
        subscriber.next([called, scope.getStore()]);
        subscriber.complete();
      });
    });

    expect(await reply).toEqual(['inside', 'inside']);
  });

  it('ends an Observable with its signal', async () => {
    const controller = new AbortController();
    let isRunning = false;
    const source = new Observable(() => {
      isRunning = true;
      return () => (isRunning = false);
    });
    const reply = replyOf(
      () => source,
      () => controller.signal,
    );
    await expect.poll(() => isRunning).toBe(true);

    controller.abort();

    await expect(reply).rejects.toBe(cut);
    expect(isRunning).toBe(false);
  });

  it('does not begin an Observable after its signal', async () => {
    const reply = replyOf(
      () => NEVER,
      () => AbortSignal.abort(),
    );
    await expect(reply).rejects.toBe(cut);
  });
});

function unasked(): AbortSignal {
  throw new Error('nobody needs the signal');
}
