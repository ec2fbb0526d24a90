import { describe, expect, it } from 'vitest';
import { GOLDEN_ROWS } from '../../test/support/rows/golden.rows.js';
import { parseCron } from './cron.row.js';
import { ownerRow, parseHolding } from './holding.row.js';
import { parseLock } from './lock.row.js';
import { NewerRow, newerRowOf } from './row.format.js';
import { parseSession } from './session.row.js';

const PARSERS = { parseSession, parseHolding, parseLock, parseCron };

describe('a row of a newer format', () => {
  it.each([
    ['v2 10000 a:1', 2],
    ['v2 ', 2],
    ['v3 2026-11-23T15:00:00.000Z done 17 claim a:1', 3],
    ['v10 e1b5f800', 10],
  ])('is told by the mark at its start: %j', (writer, format) => {
    expect(newerRowOf({ writer })).toEqual(new NewerRow(format));
  });

  it.each(Object.entries(PARSERS))('is none that %s reads', (_, parse) => {
    expect(parse({ writer: 'v2 10000 a:1' })).toEqual(new NewerRow(2));
  });

  it('names no session that this version could look up', () => {
    expect(ownerRow('g', { writer: 'v2 e1b5f800' })).toBeUndefined();
  });
});

describe('a row without such a mark', () => {
  it.each([undefined, '', 'v2', 'v1 10000 a:1', 'v0 x', 'v x', 'V2 x', ' v2 x', 'v2:80', 'x v2 x'])(
    'is of format 1, or none: %j',
    (writer) => {
      expect(newerRowOf({ writer })).toBeUndefined();
    },
  );

  it.each(GOLDEN_ROWS)('is each that format 1 has: $writer', ({ writer }) => {
    expect(newerRowOf({ writer })).toBeUndefined();
  });
});
