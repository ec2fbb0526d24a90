import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { StoreError } from '../errors/index.js';
import type { StoreCall } from '../store/index.js';
import { repeated } from './repeat.js';

const LIMITS = { timeout: 60_000 };

const unavailable = () => Promise.reject(new StoreError('unavailable', 'away'));

/** As a store that never answers: the call ends by its signal alone. */
const silent = ({ signal }: StoreCall) =>
  new Promise<never>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new StoreError('given-up', 'given up')));
  });

describe('a store call that is repeated', () => {
  let time: VirtualTime;
  let clock: VirtualClock;

  beforeEach(() => {
    time = new VirtualTime();
    clock = new VirtualClock(time);
  });

  it('is answered as soon as the store is back', async () => {
    const attempt = vi.fn(() => Promise.resolve('answer')).mockImplementationOnce(unavailable);
    const answer = repeated(clock, LIMITS, attempt);
    await time.advance(500);

    expect(await answer).toBe('answer');
    expect(attempt).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['under way', silent],
    ['that pauses', unavailable],
  ])('ends at once, %s, when nobody needs the answer any more', async (_when, attempt) => {
    const end = new AbortController();
    const reason = new Error('closed');
    const asked = vi.fn(attempt);
    const answer = repeated(clock, LIMITS, asked, end.signal);
    const settled = expect(answer).rejects.toBe(reason);
    await time.advance(1);
    end.abort(reason);
    await settled;
    await time.advance(LIMITS.timeout);

    expect(asked).toHaveBeenCalledOnce();
  });

  it("ends with its caller's signal, and listens no longer", async () => {
    const caller = new AbortController();
    const { signal } = caller;
    const end = new AbortController();
    const answer = repeated(clock, { ...LIMITS, signal }, silent, end.signal);
    const settled = expect(answer).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    caller.abort('enough');
    await settled;

    expect(getEventListeners(end.signal, 'abort')).toEqual([]);
  });

  it('asks nothing if the signal was aborted before', async () => {
    const attempt = vi.fn(unavailable);
    const reason = new Error('closed');
    const answer = repeated(clock, LIMITS, attempt, AbortSignal.abort(reason));

    await expect(answer).rejects.toBe(reason);
    expect(attempt).not.toHaveBeenCalled();
  });
});
