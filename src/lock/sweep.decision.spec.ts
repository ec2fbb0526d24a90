import { describe, expect, it } from 'vitest';
import type { LockRow } from '../store/index.js';
import { sweepDecision, sweepQuery } from './sweep.decision.js';

const ALIVE = 0;
const DEAD = 1_301;

function row(name: string, rest: Partial<LockRow> = {}): LockRow {
  return { name: `hedge/g/${name}`, writer: undefined, token: undefined, age: undefined, ...rest };
}

const session = (id: string, age: number) => row(`session/${id}`, { writer: '1000 m:1', age });
const lock = (name: string, token: bigint) => row(`lock/${name}`, { token });
const fence = (name: string, owner: string, token: bigint) =>
  row(`lock/${name}#${owner}`, { writer: owner, token });

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

  it('judges again, in its transaction, only what looked dead, with the sessions that decide', () => {
    const rows = [
      session('s', ALIVE),
      session('t', DEAD),
      fence('a', 'u', 1n),
      fence('b', 's', 2n),
    ];

    expect(sweepQuery('g', rows)).toEqual({
      names: ['hedge/g/session/t', 'hedge/g/lock/a#u', 'hedge/g/session/u'],
    });
  });

  it('asks for nothing when nothing looks dead', () => {
    expect(sweepQuery('g', [session('s', ALIVE), fence('a', 's', 1n)])).toBeUndefined();
  });

  it('spares a session that came back to life since the look', () => {
    expect(swept([session('s', ALIVE)])).toEqual([]);
  });

  it('takes no more at once than a commit takes', () => {
    const rows = Array.from({ length: 1_500 }, (_, at) => session(`s${at}`, DEAD));

    expect(swept(rows)).toHaveLength(1_000);
  });
});
