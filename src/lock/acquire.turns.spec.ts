import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOST, MemberRooms } from '../../test/support/member-rooms.js';
import { settled } from '../../test/support/virtual-clock.js';
import { AcquireTurns } from './acquire.turns.js';
import { groupLock, namedLock } from './lock.place.js';

const WHAT = 'acquiring it';
const LIMITS = { timeout: 1_000 };

describe('acquires of one member', () => {
  let rooms: MemberRooms;
  let turns: AcquireTurns;
  const order: string[] = [];

  beforeEach(() => {
    rooms = new MemberRooms();
    turns = new AcquireTurns(rooms.clock);
    order.length = 0;
  });

  const take = (name: string, limits: { timeout: number; signal?: AbortSignal } = LIMITS) =>
    turns.take(limits, WHAT, async () => {
      order.push(`${name} begins`);
      await rooms.time.sleep(10);
      order.push(`${name} ends`);
    });

  it('are one at a time, in the order they were asked for', async () => {
    await rooms.during(Promise.all(['a', 'b', 'c'].map((name) => take(name))));

    expect(order.map((entry) => entry.split(' ')[0])).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  });

  it('go on after one that fails', async () => {
    const failing = turns.take(LIMITS, WHAT, () => Promise.reject(new Error('no')));
    const next = take('b');

    await expect(failing).rejects.toThrow('no');
    await rooms.during(next);
    expect(order).toHaveLength(2);
  });

  it('wait no longer than they may, and lose nobody his turn by that', async () => {
    const abort = new AbortController();
    const first = take('a');
    const aborted = take('b', { ...LIMITS, signal: abort.signal });
    const late = take('c', { timeout: 5 });
    const last = take('d');
    const refused = [
      expect(aborted).rejects.toMatchObject({ code: 'ABORTED' }),
      expect(late).rejects.toMatchObject({ code: 'TIMEOUT' }),
    ];
    abort.abort();
    await rooms.during(Promise.all([first, last, ...refused]));

    expect(order).toEqual(['a begins', 'a ends', 'd begins', 'd ends']);
  });

  it('pass a turn on that came in the moment its owner gave up', async () => {
    const abort = new AbortController();
    let end!: () => void;
    const first = turns.take(LIMITS, WHAT, () => new Promise<void>((resolve) => (end = resolve)));
    const aborted = take('b', { ...LIMITS, signal: abort.signal });
    const refused = expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    await settled();
    end();
    abort.abort();
    await rooms.during(Promise.all([first, refused, take('c')]));

    expect(order).toEqual(['c begins', 'c ends']);
  });

  it('write the row of their session one after the other, and the election waits for none', async () => {
    const transact = vi.spyOn(rooms.store, 'transact');
    rooms.network.next.push(LOST);
    const limits = { timeout: 20_000 };
    const locks = [0, 1, 2].map((at) => rooms.memberLocks.acquire(namedLock('g', `${at}`), limits));
    await rooms.time.advance(10);
    expect(transact).toHaveBeenCalledTimes(1);
    const leading = await rooms.during(rooms.acquirer.acquire(groupLock('g'), limits));
    expect(leading.kind).toBe('acquired');
    expect(transact).toHaveBeenCalledTimes(2);

    const terms = await rooms.during(Promise.all(locks));
    expect(terms.map((term) => term.isHeld())).toEqual([true, true, true]);
  });
});
