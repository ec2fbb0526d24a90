import { BaseRpcContext } from '@nestjs/microservices';
import { expect, it, vi } from 'vitest';
import { HedgeContext } from './hedge.context.js';

it('names the sender and the term, and makes the signal only when it is asked for', () => {
  const { signal } = new AbortController();
  const makeSignal = vi.fn(() => signal);
  const context = new HedgeContext('a:1', 12n, 'orders.add', makeSignal);
  expect(context).toBeInstanceOf(BaseRpcContext);
  expect([context.getSender(), context.getToken(), context.getPattern()]).toEqual([
    'a:1',
    12n,
    'orders.add',
  ]);
  expect(makeSignal).not.toHaveBeenCalled();
  expect(context.getSignal()).toBe(signal);
  expect(context.getSignal()).toBe(signal);
  expect(makeSignal).toHaveBeenCalledOnce();
});
