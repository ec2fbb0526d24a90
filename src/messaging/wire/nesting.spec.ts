import { describe, expect, it } from 'vitest';
import { isNestedTooDeep, MAX_NESTING } from './nesting.js';

const DEEPEST = '['.repeat(MAX_NESTING) + ']'.repeat(MAX_NESTING);

function isRefused(json: string): boolean {
  return isNestedTooDeep(json, JSON.parse(json));
}

/** Ordinary data of about a megabyte: the rows of a table. */
function records(): string {
  return JSON.stringify(
    Array.from({ length: 10_000 }, (_, id) => ({
      id,
      name: `user ${id}`,
      email: `u${id}@example.com`,
      tags: ['a', 'b'],
      position: { x: 1.5, y: 2 },
    })),
  );
}

/** The least of many times: other work of the machine only adds to it. */
function leastTime(work: () => unknown): number {
  const times = Array.from({ length: 40 }, () => {
    const from = performance.now();
    work();
    return performance.now() - from;
  });
  return Math.min(...times);
}

describe('nesting', () => {
  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
    ['both, one in the other', '[{"a":', '}]'],
    ['arrays with brackets in strings before them', '["]]]]\\"}}",', ']'],
    ['arrays with white space', ' [\n', ' ]\t'],
  ])('of %s is refused one level too deep', (_what, open, close) => {
    const levels = open.startsWith('[{') ? 2 : 1;
    const nested = (count: number, core: string) =>
      open.repeat(count / levels) + core + close.repeat(count / levels);
    expect(isRefused(nested(MAX_NESTING, '1'))).toBe(false);
    expect(isRefused(nested(MAX_NESTING, '[]'))).toBe(true);
    expect(isRefused(nested(100_000, '1'))).toBe(true);
  });

  it.each([
    ['brackets in a string', JSON.stringify('['.repeat(5_000))],
    ['brackets after an escaped quote', JSON.stringify([`"${'{['.repeat(5_000)}`, '\\'])],
    ['many arrays side by side', `[${DEEPEST.slice(1, -1)},${'[],'.repeat(5_000)}1]`],
    [
      'the deepest nesting after much else',
      `{"a":"${'\\\\'.repeat(999)}","b":${DEEPEST.slice(1, -1)}}`,
    ],
  ])('is not seen in %s', (_what, json) => {
    expect(isRefused(json)).toBe(false);
  });

  it('of a value that is sent is the nesting of its text', () => {
    const deep: unknown = JSON.parse('['.repeat(600) + ']'.repeat(600));
    const hidden = { toJSON: () => deep };
    const shallow = { deep, toJSON: () => '[]'.repeat(1_000), at: new Date() };
    expect(isNestedTooDeep(JSON.stringify([hidden]), [hidden])).toBe(true);
    expect(isNestedTooDeep(JSON.stringify([shallow]), [shallow])).toBe(false);
  });

  it('is read from the text when the value cannot be read twice', () => {
    const json = '['.repeat(600) + ']'.repeat(600);
    const value = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('once only');
      },
    });
    expect(isNestedTooDeep(json, value)).toBe(true);
  });

  it.each([
    ['records', records()],
    ['one long text', JSON.stringify({ data: '['.repeat(500) + 'x'.repeat(1_000_000) })],
    ['a list of numbers', JSON.stringify(Array.from({ length: 200_000 }, (_, i) => i))],
  ])('costs next to nothing beside parsing: a megabyte of %s', (_what, json) => {
    const value: unknown = JSON.parse(json);
    expect(json.length).toBeGreaterThan(900_000);
    const looking = leastTime(() => isNestedTooDeep(json, value));
    // On an idle machine it costs 0.07 to 0.1 of parsing for records, and 0.03 for the others; on a busy machine it looks
    // worse. Reading every character costs as much as parsing.
    expect(looking).toBeLessThan(0.35 * leastTime(() => JSON.parse(json)));
  });
});
