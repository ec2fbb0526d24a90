import { beforeEach, describe, expect, it } from 'vitest';
import { MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { groupLock, namedLock, type Resource, type Term } from '../lock/index.js';
import { CommitOutcomes } from './commit.outcomes.js';
import { TermCommits } from './term.commits.js';

describe('an entry that is bound to a lock and to leadership', () => {
  let rooms: MemberRooms;
  let lock: Term;
  let leader: Term;
  let commits: TermCommits;

  beforeEach(async () => {
    rooms = new MemberRooms();
    lock = await acquire(namedLock('g', 'x'));
    leader = await acquire(groupLock('g'));
    const { committer, keeper, store, clock, leaseDuration, reports } = rooms;
    const outcomes = new CommitOutcomes(keeper, store, clock);
    commits = new TermCommits({ committer, outcomes, clock, leaseDuration, reports });
  });

  async function acquire(resource: Resource): Promise<Term> {
    const outcome = await rooms.during(rooms.acquirer.acquire(resource, { timeout: 1_000 }));
    if (outcome.kind !== 'acquired') throw new Error('held');
    return outcome.term;
  }

  const append = () =>
    rooms.during(commits.of(lock, leader).append({ id: '1', key: 'k', value: 'v' }, 20_000));

  const inLog = () => rooms.model.entries({ key: 'k', order: 'oldest' }).length;

  it('is written while both stand', async () => {
    await append();

    expect(inLog()).toBe(1);
  });

  it('has one writer', () => {
    expect(commits.of(lock, leader)).toBe(commits.of(lock, leader));
    expect(commits.of(lock)).toBe(commits.of(lock));
    expect(commits.of(lock)).not.toBe(commits.of(lock, leader));
  });

  it.each([
    { gone: 'lock', code: 'LOCK_LOST' },
    { gone: 'leadership', code: 'NOT_LEADER' },
  ] as const)('is refused when the $gone was given back', async ({ gone, code }) => {
    const over = gone === 'lock' ? lock : leader;
    await rooms.during(rooms.releaser.release(over, 'released'));

    await expect(append()).rejects.toMatchObject({ code });
    expect(inLog()).toBe(0);
  });

  it.each([
    { gone: 'lock', code: 'LOCK_LOST' },
    { gone: 'leadership', code: 'NOT_LEADER' },
  ] as const)('is refused when the store lost the $gone alone', async ({ gone, code }) => {
    const [over, standing] = gone === 'lock' ? [lock, leader] : [leader, lock];
    rooms.model.commit([{ table: 'lock', op: 'delete', name: over.row }]);

    await expect(append()).rejects.toMatchObject({ code });
    expect(inLog()).toBe(0);
    expect(over.lossReason).toBe('fence-gone');
    expect(standing.isHeld()).toBe(true);
  });

  it('is refused for the lock when the session is gone, and both are lost', async () => {
    rooms.model.commit([{ table: 'lock', op: 'delete', name: lock.session.row }]);

    await expect(append()).rejects.toMatchObject({
      code: 'LOCK_LOST',
      message: expect.stringContaining("The lock 'x' is not held any more"),
    });
    expect([lock, leader].map(({ lossReason }) => lossReason)).toEqual(
      Array(2).fill('session-gone'),
    );
  });
});
