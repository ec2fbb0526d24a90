import { describe, expect, it } from 'vitest';
import { StreamedRows, distinctLockRows, rowsOf, storedEntry } from './spanner.rows.js';

const text = (stringValue: string) => ({ stringValue });
const none = { nullValue: 'NULL_VALUE' as const };

describe('StreamedRows', () => {
  it('puts values together that came in parts', () => {
    const rows = new StreamedRows(2);
    rows.add({ values: [text('a'), text('b'), text('c1')], chunkedValue: true });
    rows.add({ values: [text('c2')], chunkedValue: true });
    rows.add({ values: [] });
    rows.add({ values: [text('c3'), text('d')] });
    expect(rows.rows()).toEqual([
      ['a', 'b'],
      ['c1c2c3', 'd'],
    ]);
  });

  it('goes on after a value that ended with its part', () => {
    const rows = new StreamedRows(1);
    rows.add({ values: [text('a')], chunkedValue: true });
    rows.add({ values: [text('')], chunkedValue: false });
    rows.add({ values: [text('b')] });
    expect(rows.rows()).toEqual([['a'], ['b']]);
  });

  it('keeps nulls apart from empty text', () => {
    const rows = new StreamedRows(2);
    rows.add({ values: [none, text('')] });
    expect(rows.rows()).toEqual([[null, '']]);
  });

  it('has no rows without values', () => {
    const rows = new StreamedRows(3);
    rows.add({ values: [] });
    expect(rows.rows()).toEqual([]);
  });
});

describe('rows', () => {
  it('become lock rows, each once', () => {
    const row = { values: [text('a'), none, text('1970-01-01T00:00:01.000000002Z'), text('1500')] };
    const empty = { values: [text('b'), text('w'), none, none] };
    expect(distinctLockRows(rowsOf({ rows: [row, empty, row] }))).toEqual([
      { name: 'a', writer: undefined, token: 1_000_000_002n, age: 1.5 },
      { name: 'b', writer: 'w', token: undefined, age: undefined },
    ]);
  });

  it('become entries, whatever another writer left out', () => {
    expect(storedEntry(['1', 'k', null, '1970-01-01T00:00:00Z'])).toEqual({
      id: '1',
      key: 'k',
      leader: '',
      timestamp: 0n,
      value: '',
    });
  });
});
