import { describe, expect, it, vi } from 'vitest';
import { Attempt } from './spanner.attempt.js';

const open = new AbortController().signal;
const forEver = () => new Promise<never>(() => undefined);

describe('Attempt', () => {
  it('settles as its work does', async () => {
    const attempt = new Attempt({ timeout: 1_000 }, 'd', open);
    await expect(attempt.settle(Promise.resolve(1))).resolves.toBe(1);
    await expect(attempt.settle(Promise.reject(new Error('x')))).rejects.toThrow('x');
  });

  it('ends on time, and stops its work', async () => {
    const attempt = new Attempt({ timeout: 20 }, 'd', open);
    const abandon = vi.fn<() => void>();
    const start = performance.now();
    await expect(attempt.settle(forEver(), abandon)).rejects.toMatchObject({
      failure: 'unavailable',
      message: expect.stringContaining('within 20 ms'),
    });
    expect(performance.now() - start).toBeLessThan(120);
    expect(abandon).toHaveBeenCalledOnce();
    // Its time covers everything it waits for together.
    await expect(attempt.settle(forEver())).rejects.toMatchObject({ failure: 'unavailable' });
  });

  it('knows whether a commit had left when the caller gave up', async () => {
    const before = new AbortController();
    const reading = new Attempt({ timeout: 1_000, signal: before.signal }, 'd', open);
    const read = reading.settle(forEver());
    before.abort(new Error('enough'));
    await expect(read).rejects.toMatchObject({ failure: 'given-up', cause: { message: 'enough' } });
    expect(() => reading.commitLeaves()).toThrow(expect.objectContaining({ failure: 'given-up' }));

    const during = new AbortController();
    const writing = new Attempt({ timeout: 1_000, signal: during.signal }, 'd', open);
    writing.commitLeaves();
    const commit = writing.settle(forEver());
    during.abort();
    await expect(commit).rejects.toMatchObject({ failure: 'unavailable' });
  });

  it('ends when the store closes', async () => {
    const closing = new AbortController();
    const attempt = new Attempt({ timeout: 1_000 }, 'd', closing.signal);
    const work = attempt.settle(forEver());
    closing.abort();
    await expect(work).rejects.toMatchObject({ failure: 'unavailable' });
    expect(() => attempt.throwIfOver()).toThrow('closed');
  });

  it('swallows a rejection that comes too late', async () => {
    const attempt = new Attempt({ timeout: 5 }, 'd', open);
    let fail!: (error: Error) => void;
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    await expect(attempt.settle(work)).rejects.toMatchObject({ failure: 'unavailable' });
    const unhandled = vi.fn<() => void>();
    process.once('unhandledRejection', unhandled);
    fail(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('lets a hundred calls share a signal', async () => {
    const warned = vi.fn<() => void>();
    process.on('warning', warned);
    const caller = new AbortController();
    const attempts = Array.from({ length: 100 }, () =>
      new Attempt({ timeout: 1_000, signal: caller.signal }, 'd', open)
        .settle(forEver())
        .catch((error: unknown) => error),
    );
    caller.abort();
    for (const error of await Promise.all(attempts)) {
      expect(error).toMatchObject({ failure: 'given-up' });
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });
});
