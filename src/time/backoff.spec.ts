import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.js';

describe('a backoff', () => {
  it('doubles up to the most', () => {
    const backoff = new Backoff(10, 50, () => 1);

    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([10, 20, 40, 50, 50]);
  });

  it('spreads each delay over its upper half', () => {
    expect(new Backoff(100, 100, () => 0).next()).toBe(50);
    expect(new Backoff(100, 100, () => 0.5).next()).toBe(75);
  });

  it('begins again', () => {
    const backoff = new Backoff(10, 50, () => 1);
    backoff.next();
    backoff.next();
    backoff.reset();

    expect(backoff.next()).toBe(10);
  });
});
