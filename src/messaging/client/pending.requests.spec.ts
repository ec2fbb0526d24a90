import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../../time/index.js';
import { PendingRequests } from './pending.requests.js';

describe('PendingRequests', () => {
  const onGivenUp = vi.fn();
  let pending: PendingRequests;

  beforeEach(() => {
    vi.useFakeTimers();
    onGivenUp.mockReset();
    pending = new PendingRequests('b:1', new SystemClock(), onGivenUp);
  });

  afterEach(() => void vi.useRealTimers());

  function add(timeout: number, signal?: AbortSignal) {
    const outcome = { resolve: vi.fn(), reject: vi.fn() };
    const options = { timeout, ...(signal && { signal }) };
    return { ...outcome, request: pending.add(pending.nextId(), 'r', '{}', options, outcome) };
  }

  it('leaves no timer and no listener behind, however a request is settled', () => {
    const controller = new AbortController();
    const listen = vi.spyOn(controller.signal, 'addEventListener');
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const answered = add(100, controller.signal);
    const failed = add(100, controller.signal);
    const lost = add(100, controller.signal);
    pending.settle({ id: answered.request.id, response: 1, isDisposed: true });
    const err = { code: 'no such code', message: 'no' };
    pending.settle({ id: failed.request.id, err, isDisposed: true });
    pending.rejectAll('gone');
    expect(vi.getTimerCount()).toBe(0);
    // Node warns of a leak from the eleventh listener of one signal on.
    expect(listen).toHaveBeenCalledOnce();
    expect(remove).toHaveBeenCalledOnce();
    expect(pending.size).toBe(0);
    expect(answered.resolve).toHaveBeenCalledWith(1, expect.anything());
    expect(failed.reject.mock.calls[0]?.[0]).toMatchObject({ code: 'HANDLER_ERROR' });
    expect(lost.reject.mock.calls[0]?.[0]).toMatchObject({ sent: false });
    expect(onGivenUp).not.toHaveBeenCalled();
  });

  it('drops a reply that comes too late', () => {
    const { request, resolve, reject } = add(100);
    vi.advanceTimersByTime(100);
    pending.settle({ id: request.id, response: 1, isDisposed: true });
    pending.settle({ id: 'never asked', response: 1, isDisposed: true });
    expect(resolve).not.toHaveBeenCalled();
    expect(reject).toHaveBeenCalledOnce();
    expect(onGivenUp).toHaveBeenCalledWith(request, true);
  });

  it.each([0, -1, 0.2, Infinity, 2 ** 40])('takes a timeout of %d', (timeout) => {
    const { reject } = add(timeout);
    expect(reject).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(reject).toHaveBeenCalledTimes(timeout > 1 ? 0 : 1);
  });
});
