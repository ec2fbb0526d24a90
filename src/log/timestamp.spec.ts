import { describe, expect, it } from 'vitest';
import { formatTimestamp, parseTimestamp } from './timestamp.js';

describe('a timestamp', () => {
  it.each([
    [0n, '1970-01-01T00:00:00.000000000Z'],
    [1n, '1970-01-01T00:00:00.000000001Z'],
    [1_795_408_742_123_456_789n, '2026-11-23T04:39:02.123456789Z'],
    [1_795_408_742_000_000_000n, '2026-11-23T04:39:02.000000000Z'],
  ])('of %d ns is written %s, and read again', (ns, text) => {
    expect(formatTimestamp(ns)).toBe(text);
    expect(parseTimestamp(text)).toBe(ns);
  });

  it.each([
    ['2026-11-23T04:39:02Z', 1_795_408_742_000_000_000n],
    ['2026-11-23T04:39:02.5Z', 1_795_408_742_500_000_000n],
    ['2026-11-23T06:39:02+02:00', 1_795_408_742_000_000_000n],
    ['2026-11-22T22:39:02.000000001-06:00', 1_795_408_742_000_000_001n],
    ['2026-11-23t04:39:02z', 1_795_408_742_000_000_000n],
  ])('%s is read', (text, ns) => {
    expect(parseTimestamp(text)).toBe(ns);
  });

  it.each([
    '',
    'now',
    '2026-11-23',
    '2026-11-23T04:39:02',
    '2026-13-23T04:39:02Z',
    '1700000000000',
  ])('%j is none', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  it('sorts as text as it does as a number', () => {
    const times = [1n, 999_999_999n, 1_000_000_000n, 1_795_408_742_123_456_789n];
    const texts = times.map(formatTimestamp);

    expect(texts.toSorted()).toEqual(texts);
  });
});
