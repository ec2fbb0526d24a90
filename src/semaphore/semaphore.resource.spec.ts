import { beforeEach, describe, expect, it } from 'vitest';
import { LOST, MemberRooms, REPLY_LOST } from '../../test/support/simulated/member.rooms.js';
import { namedLock, type LivingHolder, type Term } from '../lock/index.js';
import { semaphoreResource } from './semaphore.resource.js';
import { LIMIT_MISMATCH } from './semaphore.messages.js';

const LEASE = 10_000;
const TWO = semaphoreResource('g', 'jobs', 2);

describe('the permits of a semaphore', () => {
  let rooms: MemberRooms;
  let other: MemberRooms;

  beforeEach(() => {
    rooms = new MemberRooms({ leaseDuration: LEASE });
    other = rooms.other('b:1');
  });

  const ask = (member: MemberRooms, resource = TWO) =>
    rooms.during(member.acquirer.acquire(resource, { timeout: 5_000 }));

  async function permit(member = rooms, resource = TWO): Promise<Term> {
    const outcome = await ask(member, resource);
    if (outcome.kind !== 'acquired') throw new Error('held');
    return outcome.term;
  }

  const release = (term: Term, member = rooms) =>
    rooms.during(member.releaser.release(term, 'released'));

  it('are as many as the limit says, on all members together', async () => {
    const mine = await permit();
    await permit();

    const { remaining, address } = ((await ask(other)) as { holder: LivingHolder }).holder;
    expect(address).toBe('a:1');
    expect(remaining).toBeGreaterThan(LEASE);
    await release(mine);
    const theirs = await permit(other);
    expect([mine.isHeld(), theirs.isHeld()]).toEqual([false, true]);
    expect((await ask(rooms)).kind).toBe('held');
  });

  it('say whether the next may try at once', async () => {
    const first = await ask(rooms, semaphoreResource('g', 'jobs', 2));
    const second = await ask(other);

    expect(first).toMatchObject({ busyFor: 0 });
    expect(second).toMatchObject({ busyFor: expect.any(Number) });
    expect((second as { busyFor: number }).busyFor).toBeGreaterThan(LEASE);
  });

  it('have a row each, with the limit in its name, and leave none', async () => {
    const one = await permit();
    const two = await permit(other);
    expect(rooms.rowNames).toEqual([one.row, two.row, one.session.row, two.session.row].toSorted());
    expect(one.row).toBe(`hedge/g/semaphore/jobs/2/${one.id}`);

    await release(one);
    await release(two, other);
    expect(rooms.rowNames).toEqual([]);
  });

  it('are lost together with their session, and had by others once that is dead', async () => {
    const mine = [await permit(), await permit()];
    rooms.network.usual = LOST;
    await rooms.time.advance(LEASE);
    expect(mine.map(({ lossReason }) => lossReason)).toEqual(['expired', 'expired']);
    expect((await ask(other)).kind).toBe('held');

    await rooms.time.advance(LEASE / 50 + 200);
    await permit(other);
    const left = rooms.rowNames.filter((name) => name.includes(mine[0].session.id));
    expect(left).toEqual([]);
    await permit(other);
  });

  it('are taken once, though the answer was lost', async () => {
    rooms.network.next.push({ there: 1, back: 1 }, REPLY_LOST);
    await permit();
    await permit(other);

    expect((await ask(rooms)).kind).toBe('held');
  });

  it('are refused with another limit while anybody alive holds one', async () => {
    await permit();
    await permit(other);
    const three = semaphoreResource('g', 'jobs', 3);

    await expect(ask(other, three)).rejects.toMatchObject({
      code: 'LIMIT_MISMATCH',
      message: LIMIT_MISMATCH('jobs', 3, '2', ['a:1', 'b:1']),
    });
    expect(rooms.rowNames.filter((name) => name.includes('/3/'))).toEqual([]);
  });

  it('may have another limit when none is held', async () => {
    const one = await permit();
    await release(one);
    const twelve = await permit(rooms, semaphoreResource('g', 'jobs', 12));
    await expect(ask(other)).rejects.toThrow(LIMIT_MISMATCH('jobs', 2, '12', ['a:1']));

    await release(twelve);
    await permit(other);
  });

  it('have another limit once all who held one are dead', async () => {
    await permit();
    rooms.network.usual = LOST;
    await rooms.time.advance(2 * LEASE);
    const term = await permit(other, semaphoreResource('g', 'jobs', 1));

    expect(rooms.rowNames).toEqual([term.row, term.session.row].toSorted());
  });

  it('are nothing to semaphores and locks of other names and groups', async () => {
    await permit();
    await permit();

    for (const resource of [
      semaphoreResource('g', 'job', 1),
      semaphoreResource('g', 'jobs2', 1),
      semaphoreResource('g', 'jobs0', 1),
      semaphoreResource('g2', 'jobs', 1),
      namedLock('g', 'jobs'),
    ]) {
      expect((await ask(other, resource)).kind).toBe('acquired');
    }
  });
});

describe('the text about a wrong limit', () => {
  it('names a few of many holders', () => {
    const text = LIMIT_MISMATCH('jobs', 2, '9', ['a:1', 'b:1', 'c:1', 'd:1', 'e:1']);

    expect(text).toContain(
      'with the limit 9 (by a:1, b:1, c:1 and 2 more), and this call has the limit 2.',
    );
  });
});
