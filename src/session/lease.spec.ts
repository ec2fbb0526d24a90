import { describe, expect, it } from 'vitest';
import { attemptTimeoutOf, guardOf, marginOf, remainingForOthers, remainingOf } from './lease.js';

const LEASES = [1_000, 5_000, 10_000, 60_000, 600_000];

describe('a lease', () => {
  it.each(LEASES)('of %d ms ends for its owner before it does for the others', (lease) => {
    const pace = 0.01;
    const skew = 250;
    const ownersEnd = (lease - guardOf(lease)) * (1 + pace);
    const othersEnd = lease + marginOf(lease);

    expect(othersEnd - ownersEnd).toBeGreaterThan(lease < 60_000 ? skew : 0.009 * lease);
  });

  it.each(LEASES)('of %d ms leaves time for another attempt', (lease) => {
    const renewedAfter = lease / 3;

    expect(lease - guardOf(lease) - renewedAfter).toBeGreaterThan(2 * attemptTimeoutOf(lease));
  });

  it('lasts for the others until its margin is over', () => {
    expect(remainingOf(10_000, 0)).toBe(10_300);
    expect(remainingOf(10_000, 10_300)).toBe(0);
  });

  it('that tells no age is over', () => {
    expect(remainingOf(10_000, undefined)).toBe(-Infinity);
    expect(remainingOf(10_000, Infinity)).toBe(-Infinity);
  });

  it('is told to the others as they would count it', () => {
    const untilDeadline = 10_000 - guardOf(10_000);

    expect(remainingForOthers(10_000, untilDeadline)).toBe(remainingOf(10_000, 0));
  });
});
