import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../test/support/time/virtual.clock.js';
import { VirtualTime } from '../testing/virtual.time.js';
import { TimeLimit } from './time.limit.js';

describe('a time limit', () => {
  it('counts down on its clock, and stops at zero', async () => {
    const clock = new VirtualClock(new VirtualTime());
    const limit = new TimeLimit(clock, 100);
    expect(limit).toMatchObject({ left: 100, isOver: false });
    await clock.advance(60);
    expect(limit).toMatchObject({ left: 40, isOver: false });
    await clock.advance(60);
    expect(limit).toMatchObject({ left: 0, isOver: true });
  });
});
