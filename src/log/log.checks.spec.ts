import { describe, expect, it } from 'vitest';
import { checkKey, checkValue, MOST_KEY_BYTES, MOST_VALUE_CHARACTERS } from './log.checks.js';

describe('a key', () => {
  it.each(['k', 'a/b#c', 'é😀', ' ', 'x'.repeat(MOST_KEY_BYTES)])('may be %j', (key) => {
    expect(checkKey(key)).toBe(key);
  });

  it.each<[unknown, string]>([
    ['', 'INVALID_ARGUMENT'],
    [undefined, 'INVALID_ARGUMENT'],
    [7, 'INVALID_ARGUMENT'],
    ['half \ud800', 'INVALID_ARGUMENT'],
    ['__hedge/x', 'INVALID_ARGUMENT'],
    ['x'.repeat(MOST_KEY_BYTES + 1), 'PAYLOAD_TOO_LARGE'],
    ['é'.repeat(MOST_KEY_BYTES / 2 + 1), 'PAYLOAD_TOO_LARGE'],
  ])('may not be %j', (key, code) => {
    expect(() => checkKey(key)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a value', () => {
  it.each(['', 'v', '\0', '😀'])('may be %j', (value) => {
    expect(checkValue(value)).toBe(value);
  });

  it('may be as long as a column takes, and no longer', () => {
    expect(() => checkValue('x'.repeat(MOST_VALUE_CHARACTERS))).not.toThrow();
    expect(() => checkValue('x'.repeat(MOST_VALUE_CHARACTERS + 1))).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
    );
  });

  it.each([undefined, null, 7, {}, '\udc00'])('may not be %j', (value) => {
    expect(() => checkValue(value)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
