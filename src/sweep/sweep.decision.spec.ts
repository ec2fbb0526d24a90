import { describe, expect, it } from 'vitest';
import type { LockRow } from '../store/index.js';
import {
  nextSweepPage,
  sweepDecision,
  sweepLook,
  sweepPages,
  sweepQuery,
} from './sweep.decision.js';

const ALIVE = 0;
const DEAD = 1_301;

function row(name: string, rest: Partial<LockRow> = {}): LockRow {
  return { name: `hedge/g/${name}`, writer: undefined, token: undefined, age: undefined, ...rest };
}

const session = (id: string, age: number) => row(`session/${id}`, { writer: '1000 m:1', age });
const lock = (name: string, token: bigint) => row(`lock/${name}`, { token });
const fence = (name: string, owner: string, token: bigint) =>
  row(`lock/${name}#${owner}`, { writer: owner, token });
const permit = (name: string, id: string, owner: string) =>
  row(`semaphore/${name}/3/${id}`, { writer: owner, token: 1n });

const names = (count: number) => Array.from({ length: count }, (_, at) => `n${at + 1_000}`);
const fences = (count: number) => names(count).map((name) => fence(name, 's', 1n));

function swept(rows: LockRow[]): string[] {
  const { mutations } = sweepDecision('g', rows);
  return mutations.map((mutation) => ('name' in mutation ? mutation.name : ''));
}

describe('a sweep', () => {
  it('clears away a dead session, its fences and the locks behind them', () => {
    const rows = [session('s', DEAD), fence('a', 's', 1n), lock('a', 1n)];

    expect(swept(rows).toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  });

  it('leaves the living alone', () => {
    expect(swept([session('s', ALIVE), fence('a', 's', 1n), lock('a', 1n)])).toEqual([]);
  });

  it('clears away a fence whose session is gone', () => {
    expect(swept([fence('a', 's', 1n)])).toEqual(['hedge/g/lock/a#s']);
  });

  it('leaves a lock that somebody has taken over', () => {
    const rows = [fence('a', 's', 1n), fence('a', 't', 2n), session('t', ALIVE), lock('a', 2n)];

    expect(swept(rows)).toEqual(['hedge/g/lock/a#s']);
  });

  it('clears away the permits of dead sessions and of none other', () => {
    const rows = [
      session('s', DEAD),
      session('t', ALIVE),
      permit('a', '1', 's'),
      permit('a', '2', 't'),
      permit('a', '3', 't'),
      permit('b', '4', 'gone'),
    ];

    expect(swept(rows)).toEqual([
      'hedge/g/session/s',
      'hedge/g/semaphore/a/3/1',
      'hedge/g/semaphore/b/3/4',
    ]);
  });

  it.each([
    'semaphore/a',
    'semaphore/a/3',
    'semaphore/a/3/x/y',
    'semaphore/a/limit/x',
    'semaphore//3/x',
    'lock/a',
    'queue/a/3/x',
  ])('leaves %s alone, whatever it is', (name) => {
    const rows = [row(name, { writer: 's', token: 1n })];

    expect(sweepQuery('g', rows)).toBeUndefined();
    expect(swept(rows)).toEqual([]);
  });

  it("reads no row of another group's, nor of another kind", () => {
    const ranges = sweepPages('g').map((page) => sweepLook('g', page).range!);
    const isRead = (name: string) => ranges.some(({ from, to }) => name >= from && name < to);

    expect(
      ['lock/a', 'lock/a#x', 'semaphore/a/3/x', 'session/s'].map((n) => isRead(row(n).name)),
    ).toEqual([true, true, true, true]);
    const others = ['hedge/g/queue/a', 'hedge/g2/lock/a#x', 'hedge/spindle/lockname/g', 'hedge/g'];
    expect(others.filter(isRead)).toEqual([]);
  });

  it('judges again, in its transaction, only what looked dead, with the sessions that decide', () => {
    const rows = [
      session('s', ALIVE),
      session('t', DEAD),
      fence('a', 'u', 1n),
      fence('b', 's', 2n),
    ];

    expect(sweepQuery('g', rows)).toEqual({
      names: ['hedge/g/session/t', 'hedge/g/lock/a#u', 'hedge/g/session/u', 'hedge/g/lock/a'],
    });
  });

  it('asks for nothing when nothing looks dead', () => {
    expect(sweepQuery('g', [session('s', ALIVE), fence('a', 's', 1n)])).toBeUndefined();
  });

  it('spares a session that came back to life since the look', () => {
    expect(swept([session('s', ALIVE)])).toEqual([]);
  });

  it.each<[string, LockRow[]]>([
    ['a session', [row('session/s', { writer: 'v2 anything', age: DEAD })]],
    [
      'a session, with its fences, locks and permits',
      [
        row('session/s', { writer: 'v2 anything', age: DEAD }),
        fence('a', 's', 1n),
        lock('a', 1n),
        permit('a', '1', 's'),
      ],
    ],
    ['a fence', [fence('a', 'v2 s', 1n), session('s', DEAD)]],
    ['a permit', [permit('a', '1', 'v2 s'), session('s', DEAD)]],
  ])('leaves alone what is of a newer format: %s', (_, rows) => {
    const readable = rows.filter(({ writer }) => writer === '1000 m:1').map(({ name }) => name);

    expect(swept(rows)).toEqual(readable);
    expect(sweepQuery('g', rows)?.names ?? []).toEqual(readable);
  });

  it('leaves a lock of a newer format alone, and clears away the dead fence beside it', () => {
    const newer = { ...lock('a', 1n), writer: 'v2 anything' };

    expect(swept([fence('a', 's', 1n), newer])).toEqual(['hedge/g/lock/a#s']);
  });

  describe('of more rows than one page has', () => {
    const [locks] = sweepPages('g');

    it('reads a page at a time, with the sessions that its rows belong to', () => {
      expect(sweepLook('g', locks)).toEqual({
        range: { from: 'hedge/g/lock/', to: 'hedge/g/lock0' },
        limit: 1_000,
        owners: 'hedge/g/session/',
      });
    });

    it('goes on behind the last row of a full page', () => {
      const rows = [session('s', DEAD), ...fences(1_000).toReversed()];
      const next = nextSweepPage(locks, rows);

      expect(next).toEqual({ prefix: locks.prefix, from: 'hedge/g/lock/n1999#s\0' });
      expect(sweepLook('g', next!).range).toEqual({ from: next!.from, to: 'hedge/g/lock0' });
    });

    it('ends with a page that is not full, whoever its rows belong to', () => {
      const rows = fences(999);

      expect(nextSweepPage(locks, [...rows, session('s', DEAD)])).toBeUndefined();
    });

    it('knows the order of the store', () => {
      const rows = [...fences(998), fence('\uffff', 's', 1n), fence('😀', 's', 1n)];

      expect(nextSweepPage(locks, rows)?.from).toBe('hedge/g/lock/😀#s\0');
    });

    it('asks for no more than three rows of each', () => {
      const rows = names(1_000).map((name) => fence(name, `session of ${name}`, 1n));

      expect(sweepQuery('g', rows)?.names).toHaveLength(3_000);
    });
  });
});
