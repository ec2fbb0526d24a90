import { describe, expect, it } from 'vitest';
import type { Mutation } from '../hedge.store.js';
import {
  decodeTimestamp,
  encodeMutations,
  encodeTimestamp,
  protoTimestamp,
} from './spanner.encoding.js';

const tables = { lockTable: 'locks', logTable: 'log' };
const NOW = { stringValue: 'spanner.commit_timestamp()' };
const text = (stringValue: string) => ({ stringValue });

describe('encodeMutations', () => {
  it('writes only the columns that are given', () => {
    const mutations: Mutation[] = [
      { table: 'lock', op: 'upsert', name: 'a', writer: '', heartbeat: 'now', token: null },
      { table: 'lock', op: 'update', name: 'b', heartbeat: 'now' },
      { table: 'lock', op: 'insert', name: 'c' },
    ];
    expect(encodeMutations(mutations, tables)).toEqual([
      {
        insertOrUpdate: {
          table: 'locks',
          columns: ['name', 'writer', 'heartbeat', 'token'],
          values: [{ values: [text('a'), text(''), NOW, { nullValue: 'NULL_VALUE' }] }],
        },
      },
      {
        update: {
          table: 'locks',
          columns: ['name', 'heartbeat'],
          values: [{ values: [text('b'), NOW] }],
        },
      },
      { insert: { table: 'locks', columns: ['name'], values: [{ values: [text('c')] }] } },
    ]);
  });

  it('joins neighbours of one kind, and keeps the order of all', () => {
    const mutations: Mutation[] = [
      entry('1'),
      entry('2'),
      { table: 'log', op: 'delete', key: 'k', id: '1' },
      entry('1'),
      { table: 'lock', op: 'delete', name: 'a' },
    ];
    const encoded = encodeMutations(mutations, tables);
    expect(encoded.map((mutation) => Object.keys(mutation)[0])).toEqual([
      'insert',
      'delete',
      'insert',
      'delete',
    ]);
    expect(encoded[0].insert).toEqual({
      table: 'log',
      columns: ['id', 'key', 'value', 'leader', 'timestamp'],
      values: ['1', '2'].map((id) => ({
        values: [text(id), text('k'), text('v'), text('l'), NOW],
      })),
    });
    expect(encoded[1].delete).toEqual({
      table: 'log',
      keySet: { keys: [{ values: [text('k'), text('1')] }] },
    });
  });

  it.each<Mutation>([
    { table: 'lock', op: 'insert', name: '\ud800' },
    { table: 'lock', op: 'delete', name: 'a\udc00' },
    { table: 'lock', op: 'update', name: 'a', writer: '\ud83dx' },
    { table: 'log', op: 'insert', id: '1', key: 'k', value: '\ude00\ud83d', leader: 'l' },
  ])('refuses what is not text: %j', (mutation) => {
    expect(() => encodeMutations([mutation], tables)).toThrow(
      expect.objectContaining({ failure: 'refused' }),
    );
  });
});

describe('timestamps', () => {
  it.each([
    ['2026-11-23T05:13:00.123456789Z', 1_795_410_780_123_456_789n],
    ['2026-11-23T05:13:00.1Z', 1_795_410_780_100_000_000n],
    ['2026-11-23T05:13:00Z', 1_795_410_780_000_000_000n],
    ['1970-01-01T00:00:00.000000001Z', 1n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000_000_000n],
    ['9999-12-31T23:59:59.999999999Z', 253_402_300_799_999_999_999n],
  ])('keep every nanosecond of %s', (rfc3339, ns) => {
    expect(decodeTimestamp(rfc3339)).toBe(ns);
    expect(decodeTimestamp(encodeTimestamp(ns))).toBe(ns);
    expect(encodeTimestamp(ns)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  });

  it('stay within what Spanner takes', () => {
    expect(encodeTimestamp(-(10n ** 30n))).toBe('0001-01-01T00:00:00.000000000Z');
    expect(encodeTimestamp(10n ** 30n)).toBe('9999-12-31T23:59:59.999999999Z');
  });

  it('come out of a commit', () => {
    expect(protoTimestamp({ seconds: '1795410780', nanos: 123_456_789 })).toBe(
      1_795_410_780_123_456_789n,
    );
  });
});

function entry(id: string): Mutation {
  return { table: 'log', op: 'insert', id, key: 'k', value: 'v', leader: 'l' };
}
