import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { SilenceWatch } from './silence.watch.js';

describe('a silence watch', () => {
  let time: VirtualTime;
  let clock: VirtualClock;
  let silent: string[];
  let doubted: string[];
  let watch: SilenceWatch;

  beforeEach(() => {
    time = new VirtualTime();
    clock = new VirtualClock(time);
    silent = [];
    doubted = [];
    watch = new SilenceWatch(clock, {
      silent: (id) => silent.push(id),
      doubted: (id) => doubted.push(id),
    });
    watch.watch('a');
  });

  it('tells of a member that was silent for 4 s, once', async () => {
    await time.advance(3_499);
    expect(silent).toEqual([]);
    expect(doubted).toHaveLength(4);
    await time.advance(1_001);
    expect(silent).toEqual(['a']);
    await time.advance(20_000);
    expect(silent).toEqual(['a']);
    expect(clock.armed).toBe(0);
  });

  it('starts again with each sign of life', async () => {
    for (let second = 0; second < 60; second++) {
      watch.heard('a');
      await time.advance(3_000);
    }
    expect(silent).toEqual([]);
    expect(watch.isSure('a')).toBe(false);
    watch.heard('a');
    expect(watch.isSure('a')).toBe(true);
    expect(watch.isSure('b')).toBe(false);
  });

  it('does not count what this process slept through', async () => {
    clock.pause();
    await time.advance(60_000);
    clock.resume();
    await time.advance(400);
    watch.heard('a');
    await time.advance(3_000);

    expect(silent).toEqual([]);
  });

  it('forgets members that it watches no more', async () => {
    watch.watch('b');
    watch.forget('a');
    await time.advance(10_000);
    expect(silent).toEqual(['b']);
    watch.watch('c');
    watch.stop();
    await time.advance(10_000);
    expect(silent).toEqual(['b']);
    expect(clock.armed).toBe(0);
  });
});
