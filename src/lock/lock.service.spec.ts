import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOST, MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { HeldTerms } from './held-terms.js';
import { groupLock } from './lock.resource.js';
import type { LockService } from './lock.service.js';
import { Term } from './term.js';

describe('hasLock and verifyLock', () => {
  let rooms: MemberRooms;
  let locks: LockService;
  let term: Term;

  beforeEach(async () => {
    rooms = new MemberRooms();
    const acquiring = rooms.acquirer.acquire(groupLock('g'), { timeout: 1_000 });
    const outcome = await rooms.during(acquiring);
    if (outcome.kind !== 'acquired') throw new Error('held');
    term = outcome.term;
    const held = new HeldTerms();
    held.add(term);
    locks = rooms.locks(held);
  });

  it('is verified by the rows of the store', async () => {
    expect(await rooms.during(locks.verifyLock())).toBe(true);
    rooms.model.commit([{ table: 'lock', op: 'delete', name: term.row }]);

    expect(await rooms.during(locks.verifyLock())).toBe(false);
    expect(locks.hasLock()).toBe(true);
  });

  it('is not overwritten by one that was over before it was known', async () => {
    const held = new HeldTerms();
    held.add(term);
    const over = new Term(groupLock('g'), term.session);
    over.begin(1n);
    over.lost('fence-gone');
    held.add(over);

    expect(held.of(groupLock('g'))).toBe(term);
    expect(held.has(over)).toBe(true);
  });

  it('is no question for the store any more once the term is over', async () => {
    rooms.network.usual = LOST;
    const asked = vi.spyOn(rooms.store, 'rows');
    const verified = locks.verifyLock();
    await rooms.time.advance(100);
    term.lost('shutdown');

    expect(await verified).toBe(false);
    await rooms.time.advance(20_000);
    expect(asked).toHaveBeenCalledOnce();
  });
});

it('resolves every release of a lock when the store has it, also one in the midst of another', async () => {
  const rooms = new MemberRooms();
  const lock = await rooms.during(rooms.locks().acquire('job'));
  let rowsThen: string[] | undefined;
  lock.signal.addEventListener('abort', () => {
    void lock.release().then(() => (rowsThen = rooms.rowNames));
  });
  await rooms.during(lock.release());

  expect(rowsThen).toEqual([]);
});
