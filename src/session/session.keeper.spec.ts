import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import type { Fence, LossReason } from './fence.js';
import { SessionKeeper } from './session.keeper.js';

/** 10 s less the guard of 100 ms. */
const UNTIL_DEADLINE = 9_900;

class Held implements Fence {
  readonly losses: LossReason[] = [];

  constructor(
    readonly row = 'fence',
    readonly heartbeatRow?: string,
  ) {}

  lost(reason: LossReason): void {
    this.losses.push(reason);
  }
}

describe('the session keeper', () => {
  let time: VirtualTime;
  let clock: VirtualClock;
  let keeper: SessionKeeper;
  let fence: Held;

  beforeEach(() => {
    time = new VirtualTime();
    clock = new VirtualClock(time);
    keeper = new SessionKeeper(clock, {
      group: 'g',
      leaseDuration: 10_000,
      address: () => 'a:1',
    });
    fence = new Held();
  });

  function standing() {
    const session = keeper.open();
    keeper.renewed(session, clock.now());
    return session;
  }

  it('has no session until something is acquired', () => {
    expect(keeper.current).toBeUndefined();
  });

  it('opens one session for all acquires', () => {
    const session = keeper.open();
    session.beginAcquire();

    expect(keeper.open()).toBe(session);
  });

  it('gives the next acquire a whole lease when the one before came to nothing', async () => {
    const first = keeper.open();
    await time.advance(5_000);
    const second = keeper.open();

    expect(second).not.toBe(first);
    expect(first.hasEnded).toBe(true);
    expect(second.remaining()).toBe(UNTIL_DEADLINE);
  });

  it('holds nothing by a session whose row is not known to stand', () => {
    expect(keeper.hold(keeper.open(), fence)).toBe(false);
  });

  it('counts the deadline from before the attempt that landed', async () => {
    const session = keeper.open();
    const sentAt = clock.now();
    await time.advance(400);
    keeper.renewed(session, sentAt);

    expect(session.remaining()).toBe(UNTIL_DEADLINE - 400);
  });

  it('extends nothing by a look-up', async () => {
    const session = keeper.open();
    await time.advance(400);
    keeper.confirmed(session);

    expect(session.isStanding()).toBe(true);
    expect(session.remaining()).toBe(UNTIL_DEADLINE - 400);
  });

  it('is not set back by an answer that was overtaken', async () => {
    const session = keeper.open();
    const early = clock.now();
    await time.advance(1_000);
    keeper.renewed(session, clock.now());
    keeper.renewed(session, early);

    expect(session.remaining()).toBe(UNTIL_DEADLINE);
  });

  it('loses everything held when the deadline passes', async () => {
    const session = standing();
    keeper.hold(session, fence);
    await time.advance(UNTIL_DEADLINE);
    expect(session.isStanding()).toBe(false);
    keeper.checkDeadline();

    expect(fence.losses).toEqual(['expired']);
    expect(keeper.current).toBeUndefined();
  });

  it('never brings a session back', async () => {
    const session = standing();
    const sentAt = clock.now();
    await time.advance(UNTIL_DEADLINE);
    keeper.renewed(session, sentAt);
    keeper.confirmed(session);

    expect(session.isUsable()).toBe(false);
    expect(keeper.hold(session, fence)).toBe(false);
    expect(keeper.open()).not.toBe(session);
  });

  it('lets a late answer for an ended session leave its successor alone', async () => {
    const first = standing();
    keeper.end(first, 'session-gone');
    const second = keeper.open();
    keeper.renewed(first, clock.now());

    expect(second.isFresh).toBe(true);
  });

  it('tells each loss once', () => {
    const session = standing();
    keeper.hold(session, fence);
    keeper.end(session, 'session-gone');
    keeper.end(session, 'expired');

    expect(fence.losses).toEqual(['session-gone']);
  });

  it('ends the session with the last thing it holds', () => {
    const session = standing();
    const other = new Held('other');
    keeper.hold(session, fence);
    keeper.hold(session, other);

    expect(keeper.drop(session, fence)).toBe(false);
    expect(keeper.drop(session, other)).toBe(true);
    expect(keeper.current).toBeUndefined();
    expect(other.losses).toEqual([]);
  });

  it('keeps the session that an acquire is under way in', () => {
    const session = standing();
    keeper.hold(session, fence);
    session.beginAcquire();

    expect(keeper.drop(session, fence)).toBe(false);
    expect(keeper.endAcquire(session)).toBe(true);
    expect(session.hasEnded).toBe(true);
  });

  it('has no row to delete after an acquire that wrote none', () => {
    const session = keeper.open();
    session.beginAcquire();

    expect(keeper.endAcquire(session)).toBe(false);
  });

  it('loses one thing and keeps the others', () => {
    const session = standing();
    const other = new Held('other');
    keeper.hold(session, fence);
    keeper.hold(session, other);
    keeper.lose(session, fence);

    expect(fence.losses).toEqual(['fence-gone']);
    expect([...session.fences]).toEqual([other]);
  });

  it('renews the heartbeat rows of its fences', () => {
    const session = standing();
    keeper.hold(session, new Held('fence', 'lock'));

    expect(session.heartbeat().map(({ op, ...row }) => [op, 'name' in row && row.name])).toEqual([
      ['update', session.row],
      ['update', 'lock'],
    ]);
  });
});
