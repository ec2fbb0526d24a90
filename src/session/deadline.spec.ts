import { describe, expect, it } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { Deadline } from './deadline.js';

function deadlineOf(length: number) {
  const time = new VirtualTime();
  const clock = new VirtualClock(time);
  return { time, clock, deadline: new Deadline(clock, clock.now(), length) };
}

describe('a deadline', () => {
  it('passes after its length, and not before', async () => {
    const { time, deadline } = deadlineOf(100);

    await time.advance(99);
    expect(deadline.hasPassed()).toBe(false);
    await time.advance(1);
    expect(deadline.hasPassed()).toBe(true);
  });

  it('counts from when the request left, not from when it was answered', async () => {
    const { time, clock } = deadlineOf(0);
    const sentAt = clock.now();
    await time.advance(70);

    expect(new Deadline(clock, sentAt, 100).remaining()).toBe(30);
  });

  it('passes by the wall clock while the monotonic one stands still', async () => {
    const { time, clock, deadline } = deadlineOf(100);
    clock.pause({ monotonic: true });
    await time.advance(100);

    expect(deadline.hasPassed()).toBe(true);
  });

  it('passes by the monotonic clock while the wall clock stands still', async () => {
    const { time, clock, deadline } = deadlineOf(100);
    clock.pause({ wall: true });
    await time.advance(100);

    expect(deadline.hasPassed()).toBe(true);
  });

  it('is not put off by the wall clock being set back', async () => {
    const { time, clock, deadline } = deadlineOf(100);
    clock.jumpWall(-3_600_000);
    expect(deadline.remaining()).toBe(100);

    await time.advance(100);
    expect(deadline.hasPassed()).toBe(true);
  });

  it('passes early when the wall clock is set forward', () => {
    const { clock, deadline } = deadlineOf(100);
    clock.jumpWall(100);

    expect(deadline.hasPassed()).toBe(true);
  });

  it('keeps in mind what the monotonic clock slept through when the wall clock is set back after that', async () => {
    const { time, clock, deadline } = deadlineOf(1_000);
    clock.pause({ monotonic: true });
    await time.advance(600);
    clock.resume();
    expect(deadline.remaining()).toBe(400);

    clock.jumpWall(-600);
    expect(deadline.remaining()).toBe(400);
    await time.advance(400);
    expect(deadline.hasPassed()).toBe(true);
  });

  it('counts a sleep that follows the setting back', async () => {
    const { time, clock, deadline } = deadlineOf(1_000);
    clock.jumpWall(-600);
    expect(deadline.remaining()).toBe(1_000);
    clock.pause({ monotonic: true });
    await time.advance(600);

    expect(deadline.remaining()).toBe(400);
  });

  it('is not eaten up by clocks that differ a little, however often it is looked at', async () => {
    const time = new VirtualTime();
    const clock = new VirtualClock(time, { monotonic: 1, wall: 1.001 });
    const deadline = new Deadline(clock, clock.now(), 10_000);
    for (let look = 0; look < 500; look++) {
      await time.advance(10);
      deadline.remaining();
    }

    expect(deadline.remaining()).toBeCloseTo(5_000, -1);
  });
});
