import { describe, expect, it } from 'vitest';
import type { LockRow } from '../store/index.js';
import { groupLock, namedLock } from './lock.resource.js';
import { lockPrefix } from '../table/index.js';
import { resourceQuery, resourceStateOf } from './resource.state.js';

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
    expect(resourceStateOf(LOCK, [])).toEqual({ holders: [], staleRows: [] });
  });

  it('names the holder and the time until others may take over', () => {
    expect(resourceStateOf(LOCK, [FENCE, SESSION])).toEqual({
      holders: [
        {
          address: 'a:1',
          token: 7n,
          sessionId: 's',
          fenceRow: FENCE.name,
          remaining: 1_000,
        },
      ],
      staleRows: [],
    });
  });

  it('is free, with stale rows, if all sessions are dead', () => {
    expect(resourceStateOf(LOCK, [FENCE, { ...SESSION, age: 1_300 }])).toEqual({
      holders: [],
      staleRows: [FENCE.name, SESSION.name],
    });
  });

  it('does not depend on the order of the rows', () => {
    expect(resourceStateOf(LOCK, [SESSION, FENCE])).toEqual(
      resourceStateOf(LOCK, [FENCE, SESSION]),
    );
  });

  it('takes a fence without a token for stale', () => {
    const { holders } = resourceStateOf(LOCK, [{ ...FENCE, token: undefined }, SESSION]);

    expect(holders).toEqual([]);
  });

  it("does not look at other groups' sessions", () => {
    const elsewhere = { ...SESSION, name: 'hedge/other/session/s' };

    expect(resourceStateOf(LOCK, [FENCE, elsewhere]).holders).toEqual([]);
  });

  it('is read in one query', () => {
    expect(resourceQuery(LOCK, ['x'])).toEqual({
      names: ['x'],
      range: LOCK.fences,
      owners: 'hedge/g/session/',
    });
  });
});

describe('the rows of a lock', () => {
  it.each(['job!', 'job$', 'job_', 'jobs', 'Job', 'job"'])('are not those of %j', (name) => {
    expect(isIn(LOCK.fences, `${namedLock('g', name).row}#t`)).toBe(false);
  });

  it("are beside those of the group's other locks, the group's own lock is not", () => {
    expect(LOCK.row.startsWith(lockPrefix('g'))).toBe(true);
    expect(groupLock('g').row.startsWith(lockPrefix('g'))).toBe(false);
    expect(namedLock('g2', 'job').row.startsWith(lockPrefix('g'))).toBe(false);
  });
});

function isIn({ from, to }: { from: string; to: string }, name: string): boolean {
  return name >= from && name < to;
}
