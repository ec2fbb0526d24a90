import { expect, it } from 'vitest';
import { durationText } from './duration.text.js';

it.each([
  [0, '0.0 s'],
  [950, '0.9 s'],
  [9_940, '9.9 s'],
  [10_000, '10 s'],
  [119_999, '119 s'],
  [120_000, '2 min'],
  [7_199_999, '119 min'],
  [7_200_000, '2 h'],
  [172_800_000, '2 d'],
])('%i ms: %s', (duration, text) => {
  expect(durationText(duration)).toBe(text);
});
