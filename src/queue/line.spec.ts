import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { TimeLimit } from '../time/index.js';
import { Line, type Answer, type Finding, type Reply } from './line.js';

const LAPSE = 1_000;

describe('Line', () => {
  let clock: VirtualClock;
  let line: Line;
  let empty: number;
  /** Who was told what, in order: `a take`. */
  let told: string[];
  let releaseCounts: Map<string, number>;

  beforeEach(() => {
    clock = new VirtualClock(new VirtualTime());
    told = [];
    releaseCounts = new Map();
    empty = 0;
    line = lineThatGathers(0);
  });

  function lineThatGathers(ms: number): Line {
    const gathering = new TimeLimit(clock, ms);
    return new Line(clock, { lapse: LAPSE, gathering, onEmpty: () => void empty++ });
  }

  function wait(ticket: string, waited = 0, finding?: Finding): Reply {
    const reply = ({ turn, releaseCount }: Answer) => {
      told.push(`${ticket} ${turn}`);
      releaseCounts.set(ticket, releaseCount);
    };
    line.wait({ ticket, waited, finding }, reply);
    return reply;
  }

  /** What its last turn showed. */
  function lastFinding(ticket: string, busyFor: number): Finding {
    return { releaseCount: releaseCounts.get(ticket)!, busyFor };
  }

  function taken(ticket: string, busyFor = 10_000): void {
    line.taken(ticket, lastFinding(ticket, busyFor));
  }

  /** It had its turn, and comes back. */
  function foundHeld(ticket: string, busyFor = 10_000): Reply {
    return wait(ticket, 0, lastFinding(ticket, busyFor));
  }

  it('gives the first waiter its turn at once, and no other meanwhile', () => {
    wait('a');
    wait('b');
    expect(told).toEqual(['a take']);
  });

  it('gives the turn in the order of arrival, each time that something is given back', () => {
    for (const ticket of ['a', 'b', 'c']) wait(ticket);
    for (const ticket of ['a', 'b', 'c']) {
      taken(ticket);
      line.freed();
    }
    expect(told).toEqual(['a take', 'b take', 'c take']);
  });

  it('keeps the position of a waiter that found the lock held', () => {
    wait('a');
    wait('b');
    foundHeld('a');
    line.freed();
    expect(told).toEqual(['a take', 'a take']);
  });

  it('goes on at once where there is room for more', () => {
    wait('a');
    wait('b');
    wait('c');
    taken('a', 0);
    expect(told).toEqual(['a take', 'b take']);
  });

  it('has the first waiter look when the holder should be gone, and not before', async () => {
    wait('a');
    wait('b');
    foundHeld('a', 5_000);
    await clock.advance(4_999);
    expect(told).toEqual(['a take']);
    await clock.advance(1);
    expect(told).toEqual(['a take', 'a look']);
    foundHeld('a', 5_000);
    await clock.advance(5_000);
    expect(told).toEqual(['a take', 'a look', 'a look']);
  });

  it('does not miss what was given back during a turn', () => {
    wait('a');
    line.freed();
    foundHeld('a');
    expect(told).toEqual(['a take', 'a take']);
  });

  it('gives the next a try where what was given back came before the news that it was taken', () => {
    wait('a');
    wait('b');
    line.freed();
    taken('a');
    expect(told).toEqual(['a take', 'b take']);
  });

  it('spends one try in vain on a release that is told twice', () => {
    wait('a');
    taken('a');
    wait('b');
    wait('c');
    line.freed();
    line.freed();
    taken('b');
    expect(told).toEqual(['a take', 'b take', 'c take']);
    foundHeld('c');
    expect(told).toHaveLength(3);
  });

  it('goes on to the next when the one with the turn gives up', () => {
    wait('a');
    wait('b');
    line.leave('a');
    expect(told).toEqual(['a take', 'b take']);
  });

  it('goes on to the next when a turn lapses, and takes back the waiter that lost it at its old position', async () => {
    wait('a');
    wait('b');
    await clock.advance(100);
    wait('c');
    await clock.advance(LAPSE - 100);
    expect(told).toEqual(['a take', 'b take']);
    wait('a', LAPSE, lastFinding('a', 10_000));
    line.freed();
    taken('b');
    expect(told).toEqual(['a take', 'b take', 'a take']);
  });

  it('hears from one whose turn lapsed that it has it', async () => {
    wait('a');
    wait('b');
    await clock.advance(LAPSE);
    taken('a');
    foundHeld('b', 1_000);
    expect(told).toEqual(['a take', 'b take']);
  });

  it('orders by the time waited, on any leader', async () => {
    line = lineThatGathers(250);
    wait('c', 10);
    wait('a', 1_000);
    wait('b', 500);
    await clock.advance(250);
    expect(told).toEqual(['a look']);
    taken('a', 0);
    taken('b', 0);
    expect(told).toEqual(['a look', 'b take', 'c take']);
  });

  it('gives no turn while it gathers, even after a release', async () => {
    line = lineThatGathers(250);
    wait('b', 10);
    line.freed();
    await clock.advance(249);
    expect(told).toEqual([]);
    wait('a', 1_000);
    await clock.advance(1);
    expect(told).toEqual(['a look']);
  });

  it('lets newcomers have a try once it has gathered', async () => {
    line = lineThatGathers(250);
    wait('a');
    await clock.advance(250);
    expect(told).toEqual(['a take']);
  });

  it('ignores a finding of a turn that another line gave', () => {
    wait('a', 5_000, { releaseCount: -1, busyFor: 8_000 });
    expect(told).toEqual(['a take']);
  });

  it('repeats an answer that was lost', () => {
    wait('a');
    wait('a');
    expect(told).toEqual(['a take', 'a take']);
    wait('b');
    foundHeld('a');
    line.freed();
    wait('a', 0, { releaseCount: releaseCounts.get('a')! - 1, busyFor: 3 });
    expect(told).toEqual(['a take', 'a take', 'a take', 'a take']);
  });

  it('answers the request that another one of the same waiter replaces', () => {
    wait('a');
    wait('b');
    wait('b');
    expect(told).toEqual(['a take', 'b wait']);
    taken('a', 0);
    expect(told).toEqual(['a take', 'b wait', 'b take']);
  });

  it('drops those that give up, once, and not by a request that was replaced', () => {
    wait('a');
    const replaced = wait('b');
    const open = wait('b');
    wait('c');
    line.withdraw('b', replaced);
    taken('a', 0);
    expect(told.at(-1)).toBe('b take');
    line.withdraw('b', open);
    taken('b', 0);
    expect(told.at(-1)).toBe('c take');
  });

  it('answers the open request of one that leaves', () => {
    wait('a');
    wait('b');
    line.leave('b');
    expect(told).toEqual(['a take', 'b wait']);
  });

  it('keeps the position of a waiter that is told to ask again, for a while', async () => {
    wait('a');
    line.postpone('b', wait('b'));
    wait('c');
    expect(told).toEqual(['a take', 'b wait']);
    taken('a', 0);
    // Its turn came meanwhile, and it is told so when it asks again.
    expect(told).toEqual(['a take', 'b wait']);
    wait('b', 20);
    expect(told).toEqual(['a take', 'b wait', 'b take']);
  });

  it('forgets one that was told to ask again and does not', async () => {
    wait('b');
    foundHeld('b');
    line.postpone('c', wait('c'));
    wait('d');
    await clock.advance(LAPSE);
    line.freed();
    taken('b', 0);
    expect(told).toEqual(['b take', 'c wait', 'b take', 'd take']);
  });

  it('is over without waiters and without a turn, and leaves no timer', () => {
    wait('a');
    const b = wait('b');
    line.withdraw('b', b);
    expect(empty).toBe(0);
    taken('a');
    expect(empty).toBe(1);
    expect(clock.armed).toBe(0);
  });

  it('is over when the last turn lapses', async () => {
    wait('a');
    await clock.advance(LAPSE);
    expect(empty).toBe(1);
    expect(clock.armed).toBe(0);
  });

  it('leaves no timer when it is closed', () => {
    wait('a');
    line.postpone('b', wait('b'));
    expect(clock.armed).toBe(2);
    line.close();
    expect(clock.armed).toBe(0);
  });

  it('serves ten thousand in order, and in no time', () => {
    const tickets = Array.from({ length: 10_000 }, (_, i) => `${i}`);
    const from = performance.now();
    for (const ticket of tickets) wait(ticket);
    for (const ticket of tickets) wait(ticket);
    told = [];
    for (const ticket of tickets) {
      taken(ticket);
      line.freed();
    }
    expect(told).toEqual(tickets.slice(1).map((ticket) => `${ticket} take`));
    expect(performance.now() - from).toBeLessThan(2_000);
  });
});
