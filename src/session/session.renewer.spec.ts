import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ABORTED,
  LOST,
  MemberRooms,
  REPLY_LOST,
} from '../../test/support/simulated/member.rooms.js';
import { groupLock, namedLock, type Term } from '../lock/index.js';

describe('the session renewer', () => {
  let rooms: MemberRooms;

  beforeEach(() => {
    rooms = new MemberRooms();
  });

  async function acquire(lock = namedLock('g', 'job')): Promise<Term> {
    const outcome = await rooms.during(rooms.acquirer.acquire(lock, { timeout: 1_000 }));
    if (outcome.kind !== 'acquired') throw new Error('held');
    rooms.network.requests = 0;
    return outcome.term;
  }

  it('renews about every third of the lease for as long as something is held', async () => {
    const term = await acquire();
    await rooms.time.advance(60_000);

    expect(term.isHeld()).toBe(true);
    expect(rooms.network.requests).toBeGreaterThanOrEqual(18);
    expect(rooms.network.requests).toBeLessThanOrEqual(21);
  });

  it('goes before what else the app asks the store', async () => {
    const [commit, rows] = [vi.spyOn(rooms.store, 'commit'), vi.spyOn(rooms.store, 'rows')];
    const { session } = await acquire();
    await rooms.time.advance(4_000);
    rooms.model.rows.delete(session.row);
    await rooms.time.advance(4_000);

    const calls = [...commit.mock.calls, ...rows.mock.calls].map(([, call]) => call);
    expect(calls.length).toBeGreaterThan(2);
    expect(calls.every(({ isUrgent }) => isUrgent)).toBe(true);
    expect(rows).toHaveBeenCalled();
  });

  it('knows nothing of the request whose lock began the session', async () => {
    const storage = new AsyncLocalStorage<string>();
    const after = rooms.clock.after.bind(rooms.clock);
    // As Node's timers do.
    rooms.clock.after = (ms, call) => after(ms, AsyncResource.bind(call));
    await storage.run('a request', () => acquire());
    const seen: unknown[] = [];
    const commit = rooms.store.commit.bind(rooms.store);
    rooms.store.commit = (mutations, call) => {
      seen.push(storage.getStore());
      return commit(mutations, call);
    };
    await rooms.time.advance(10_000);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.filter(Boolean)).toEqual([]);
  });

  it('costs the store nothing once nothing is held', async () => {
    await rooms.during(rooms.releaser.release(await acquire(), 'released'));
    rooms.network.requests = 0;
    await rooms.time.advance(60_000);

    expect(rooms.network.requests).toBe(0);
    expect(rooms.clock.armed).toBe(0);
  });

  it('renews no more than is needed when other commits do it', async () => {
    const term = await acquire();
    for (let second = 0; second < 30; second++) {
      await rooms.during(rooms.committer.commitOnce(term.session, [], rooms.call, term));
      await rooms.time.advance(1_000);
    }

    expect(rooms.network.requests).toBe(30);
  });

  it.each([
    ['a request', LOST],
    ['an answer', REPLY_LOST],
    ['a race', ABORTED],
  ])('survives %s that is lost', async (_, fate) => {
    const term = await acquire();
    rooms.network.next.push(fate, fate);
    await rooms.time.advance(20_000);

    expect(term.isHeld()).toBe(true);
  });

  it('retries quickly, and within bounds, while the store refuses', async () => {
    await acquire();
    rooms.network.usual = { ...LOST, broken: 1 };
    await rooms.time.advance(10_000);

    expect(rooms.network.requests).toBeGreaterThan(5);
    expect(rooms.network.requests).toBeLessThan(40);
  });

  it('makes no tight loop at the shortest lease', async () => {
    rooms = new MemberRooms({ leaseDuration: 1_000 });
    await acquire();
    rooms.network.usual = { ...LOST, broken: 0 };
    await rooms.time.advance(1_000);

    expect(rooms.network.requests).toBeLessThan(25);
  });

  it('gives up at the deadline, not before and not later', async () => {
    const term = await acquire();
    const left = term.session.remaining();
    rooms.network.usual = LOST;
    await rooms.time.advance(left - 1);
    expect(term.signal.aborted).toBe(false);

    await rooms.time.advance(2);
    expect(term.lossReason).toBe('expired');
    await rooms.time.advance(10_000);
    expect(rooms.clock.armed).toBe(0);
  });

  it('renews again for the next session', async () => {
    await acquire();
    rooms.network.usual = LOST;
    await rooms.time.advance(11_000);
    rooms.network.usual = { there: 1, back: 1 };
    const term = await acquire(namedLock('g', 'other'));
    await rooms.time.advance(30_000);

    expect(term.isHeld()).toBe(true);
  });

  it('says once per outage that renewals fail', async () => {
    await acquire();
    rooms.network.next.push(...Array.from({ length: 5 }, () => ({ ...LOST, broken: 1 })));
    await rooms.time.advance(20_000);

    expect(rooms.logger.warnings).toHaveLength(1);
  });

  it('is lost when its own row is the one that is gone', async () => {
    const term = await acquire();
    rooms.model.commit([{ table: 'lock', op: 'delete', name: term.session.row }]);
    await rooms.time.advance(3_500);

    expect(term.lossReason).toBe('session-gone');
  });

  it('is not lost when another row is gone', async () => {
    const term = await acquire(groupLock('g'));
    rooms.model.commit([{ table: 'lock', op: 'delete', name: term.resource.row }]);
    await rooms.time.advance(5_000);

    expect(term.isHeld()).toBe(true);
  });

  it("notices that the leader's fence is gone", async () => {
    const term = await acquire(groupLock('g'));
    rooms.model.commit([{ table: 'lock', op: 'delete', name: term.row }]);
    await rooms.time.advance(3_500);

    expect(term.lossReason).toBe('fence-gone');
  });

  it('loses everything on the first tick after a pause', async () => {
    const term = await acquire();
    rooms.clock.pause();
    await rooms.time.advance(11_000);
    expect(term.isHeld()).toBe(false);
    expect(term.signal.aborted).toBe(false);

    rooms.clock.resume();
    await rooms.time.advance(0);
    expect(term.lossReason).toBe('expired');
  });

  it('notices within a tenth of the lease that the wall clock was set forward', async () => {
    const term = await acquire();
    rooms.clock.jumpWall(3_600_000);
    expect(term.isHeld()).toBe(false);

    await rooms.time.advance(1_000);
    expect(term.lossReason).toBe('expired');
  });

  it('does not look for the row of a session that has none yet', async () => {
    await acquire();
    rooms.network.usual = LOST;
    // The renewal that is armed now belongs to the session before.
    rooms.keeper.end(rooms.keeper.current!, 'expired');
    const acquiring = rooms.acquirer.acquire(namedLock('g', 'next'), { timeout: 6_000 });
    await rooms.time.advance(4_000);
    rooms.network.usual = { there: 1, back: 1 };
    await rooms.during(acquiring);

    expect(rooms.logger.warnings).toEqual([]);
  });

  it('leaves no timer behind', async () => {
    await acquire();
    rooms.renewer.stop();

    expect(rooms.clock.armed).toBe(0);
  });
});
