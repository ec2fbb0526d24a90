import { describe, expect, it } from 'vitest';
import type { LockRow } from '../store/index.js';
import { fenceRange, groupLock, groupRange, namedLock } from './lock.rows.js';
import { lockStateOf, lockStateQuery } from './lock.state.js';

const LOCK = namedLock('g', 'job');
const FENCE: LockRow = { name: `${LOCK.row}#t`, writer: 's', token: 7n, age: undefined };
const SESSION: LockRow = {
  name: 'hedge/g/session/s',
  writer: '1000 a:1',
  token: undefined,
  age: 300,
};

describe("a lock's state", () => {
  it('is free where nothing is found', () => {
    expect(lockStateOf('g', LOCK, [])).toEqual({ holder: undefined, dead: [] });
  });

  it('names the holder and the time until others may take over', () => {
    expect(lockStateOf('g', LOCK, [FENCE, SESSION])).toEqual({
      holder: {
        address: 'a:1',
        token: 7n,
        sessionId: 's',
        fenceRow: FENCE.name,
        remaining: 1_000,
      },
      dead: [],
    });
  });

  it('is free, with rows to clear away, where only the dead are found', () => {
    expect(lockStateOf('g', LOCK, [FENCE, { ...SESSION, age: 1_300 }])).toEqual({
      holder: undefined,
      dead: [FENCE.name, SESSION.name],
    });
  });

  it('does not depend on the order of the rows', () => {
    expect(lockStateOf('g', LOCK, [SESSION, FENCE])).toEqual(
      lockStateOf('g', LOCK, [FENCE, SESSION]),
    );
  });

  it('takes a fence without a token for nobody', () => {
    const { holder } = lockStateOf('g', LOCK, [{ ...FENCE, token: undefined }, SESSION]);

    expect(holder).toBeUndefined();
  });

  it("does not look at other groups' sessions", () => {
    const elsewhere = { ...SESSION, name: 'hedge/other/session/s' };

    expect(lockStateOf('g', LOCK, [FENCE, elsewhere]).holder).toBeUndefined();
  });

  it('is read in one query', () => {
    expect(lockStateQuery('g', LOCK, ['x'])).toEqual({
      names: ['x'],
      range: fenceRange(LOCK),
      owners: 'hedge/g/session/',
    });
  });
});

describe('the rows of a lock', () => {
  it.each(['job!', 'job$', 'job_', 'jobs', 'Job', 'job"'])('are not those of %j', (name) => {
    expect(isIn(fenceRange(LOCK), `${namedLock('g', name).row}#t`)).toBe(false);
  });

  it("are in the group's range, the group's own lock is not", () => {
    expect(isIn(groupRange('g'), LOCK.row)).toBe(true);
    expect(isIn(groupRange('g'), groupLock('g').row)).toBe(false);
    expect(isIn(groupRange('g'), namedLock('g2', 'job').row)).toBe(false);
  });
});

function isIn({ from, to }: { from: string; to: string }, name: string): boolean {
  return name >= from && name < to;
}
