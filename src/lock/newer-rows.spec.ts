import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MemberRooms } from '../../test/support/simulated/member.rooms.js';
import type { LockRow } from '../store/index.js';
import { decideAcquire } from './acquire.decision.js';
import { STILL_HELD_BY_NEWER_ROW } from './lock.messages.js';
import { namedLock } from './lock.resource.js';
import { blockerOf, resourceStateOf } from './resource.state.js';
import { Term } from './term.js';

const JOB = namedLock('g', 'job');
const NEWER = 'v2 anything';
const DEAD = 1_000_000;

function row(name: string, writer: string, age?: number): LockRow {
  return { name, writer, token: 5n, age };
}

const fence = (writer: string) => row(`${JOB.row}#t`, writer);
const session = (writer: string, age: number | undefined = DEAD) =>
  row('hedge/g/session/s', writer, age);

/** The rows that show it, and the one of a newer format. */
const CASES: [what: string, rows: LockRow[], newer: string][] = [
  ['a fence', [row(JOB.row, 'b:1'), fence(NEWER)], `${JOB.row}#t`],
  ['a fence that is like a session of ours', [fence('v2 s'), session('1000 b:1')], `${JOB.row}#t`],
  ['a session that looks dead', [fence('s'), session(NEWER)], `${JOB.row}#t`],
  ['a session without a heartbeat', [fence('s'), session(NEWER, undefined)], `${JOB.row}#t`],
  ['the row of the lock', [row(JOB.row, NEWER)], JOB.row],
];

describe.each(CASES)('a lock that is held by a newer format of %s', (_, rows, fenceRow) => {
  const newer = { newerFormat: 2, fenceRow, remaining: 10_000 };

  it('is held, and nothing of it is dead', () => {
    expect(resourceStateOf(JOB, rows)).toEqual({ holders: [newer], staleRows: [] });
    expect(blockerOf(JOB, rows)).toEqual(newer);
  });

  it('is not acquired, and nothing is written', () => {
    const rooms = new MemberRooms();
    const term = new Term(JOB, rooms.keeper.open());

    expect(decideAcquire(term, rows)).toEqual({
      result: { kind: 'held', holder: newer },
      mutations: [],
    });
  });
});

describe('a dead fence beside a session of a newer format', () => {
  it('is deleted without that session', () => {
    const other = { ...fence('t'), name: `${JOB.row}#u` };
    const { staleRows, holders } = resourceStateOf(JOB, [other, session(NEWER)]);

    expect(staleRows).toEqual([`${JOB.row}#u`, 'hedge/g/session/t']);
    expect(holders).toEqual([]);
  });

  it('without a token holds the lock like any other', () => {
    const { staleRows, holders } = resourceStateOf(JOB, [
      { ...fence('s'), token: undefined },
      session(NEWER),
    ]);

    expect([staleRows.length, holders.length]).toEqual([0, 1]);
  });
});

describe('a waiter for a lock that a newer version holds', () => {
  let rooms: MemberRooms;

  beforeEach(() => {
    rooms = new MemberRooms();
    rooms.model.commit([
      { table: 'lock', op: 'insert', name: JOB.row, writer: NEWER, token: 'now' },
      { table: 'lock', op: 'insert', name: `${JOB.row}#t`, writer: NEWER, token: 'now' },
    ]);
  });

  it('looks now and then, times out and says why', async () => {
    const read = vi.spyOn(rooms.store, 'rows');
    const timeout = 45_000;
    const waiting = rooms.during(rooms.memberLocks.acquire(JOB, { timeout }));

    await expect(waiting).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: STILL_HELD_BY_NEWER_ROW("the lock 'job'", timeout, 2),
    });
    expect(read).toHaveBeenCalledTimes(4);
    expect(rooms.rowNames).toEqual([JOB.row, `${JOB.row}#t`]);
  });

  it('is told without waiting where it would not wait', async () => {
    const limits = { timeout: 1_000 };

    expect(await rooms.during(rooms.memberLocks.tryAcquire(JOB, limits))).toBeUndefined();
  });

  it('has it once that version gave it back', async () => {
    const waiting = rooms.memberLocks.acquire(JOB, { timeout: 45_000 });
    await rooms.time.advance(5_000);
    for (const name of rooms.rowNames) rooms.model.rows.delete(name);

    expect((await rooms.during(waiting)).isHeld()).toBe(true);
  });
});
