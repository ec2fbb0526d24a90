import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOST, MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { settled } from '../../test/support/time/virtual.clock.js';
import { AcquireMutex } from './acquire.mutex.js';
import { groupLock, namedLock } from './lock.resource.js';

const WHAT = 'acquiring it';
const LIMITS = { timeout: 1_000 };

describe('acquires of one member', () => {
  let rooms: MemberRooms;
  let mutex: AcquireMutex;
  const order: string[] = [];

  beforeEach(() => {
    rooms = new MemberRooms();
    mutex = new AcquireMutex(rooms.clock);
    order.length = 0;
  });

  const run = (name: string, limits: { timeout: number; signal?: AbortSignal } = LIMITS) =>
    mutex.run(limits, WHAT, async () => {
      order.push(`${name} begins`);
      await rooms.time.sleep(10);
      order.push(`${name} ends`);
    });

  it('run one at a time, first come, first served', async () => {
    await rooms.during(Promise.all(['a', 'b', 'c'].map((name) => run(name))));

    expect(order.map((entry) => entry.split(' ')[0])).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  });

  it('go on after one that fails', async () => {
    const failing = mutex.run(LIMITS, WHAT, () => Promise.reject(new Error('no')));
    const next = run('b');

    await expect(failing).rejects.toThrow('no');
    await rooms.during(next);
    expect(order).toHaveLength(2);
  });

  it('wait no longer than they may, and hold up nobody by giving up', async () => {
    const abort = new AbortController();
    const first = run('a');
    const aborted = run('b', { ...LIMITS, signal: abort.signal });
    const late = run('c', { timeout: 5 });
    const last = run('d');
    const refused = [
      expect(aborted).rejects.toMatchObject({ code: 'ABORTED' }),
      expect(late).rejects.toMatchObject({ code: 'TIMEOUT' }),
    ];
    abort.abort();
    await rooms.during(Promise.all([first, last, ...refused]));

    expect(order).toEqual(['a begins', 'a ends', 'd begins', 'd ends']);
  });

  it('pass a grant on that came in the moment its waiter gave up', async () => {
    const abort = new AbortController();
    let end!: () => void;
    const first = mutex.run(LIMITS, WHAT, () => new Promise<void>((resolve) => (end = resolve)));
    const aborted = run('b', { ...LIMITS, signal: abort.signal });
    const refused = expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    await settled();
    end();
    abort.abort();
    await rooms.during(Promise.all([first, refused, run('c')]));

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
