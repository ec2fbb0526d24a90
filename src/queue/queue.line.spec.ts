import { beforeEach, describe, expect, it } from 'vitest';
import {
  RESOURCE,
  QUEUE_LEASE,
  QueueGroup,
  type QueueMember,
} from '../../test/support/simulated/queue.members.js';
import { VirtualTime } from '../../test/support/time/virtual.clock.js';
import type { Waiter } from '../lock/index.js';
import { STILL_IN_LINE, STILL_UNLED } from './queue.messages.js';
import { FREED, LEAVE, TAKEN, WAIT } from './queue.packets.js';

/** ms in which a new leader gathers those that wait. */
const GATHERED = 250;
/** ms for which waiters let the election go first; it includes their random delay. */
const ELECTING = 1_100;

describe('QueueLine', () => {
  let time: VirtualTime;
  let members: QueueGroup;
  let a: QueueMember, b: QueueMember, c: QueueMember;
  /** Who had the turn, in order. */
  let turns: string[];

  beforeEach(() => {
    time = new VirtualTime();
    members = new QueueGroup(time);
    [a, b, c] = members.make('a', 'b', 'c');
    turns = [];
  });

  async function electA(): Promise<void> {
    members.elect(a, 1n);
    await time.advance(GATHERED);
  }

  /** Waits under this name, and has a millisecond's lead on the next. */
  async function wait(
    name: string,
    waiter: Waiter,
    limits: { timeout?: number; signal?: AbortSignal } = {},
    busyFor?: number,
  ): Promise<unknown> {
    const waiting = waiter.turn({ timeout: 60_000, ...limits }, busyFor).then(
      (turn) => void turns.push(`${name} ${turn}`),
      (error: unknown) => error,
    );
    await time.advance(1);
    return waiting;
  }

  /** The same, and goes on without waiting for it. */
  async function begin(...args: Parameters<typeof wait>): Promise<{ settled: Promise<unknown> }> {
    const settled = wait(...args);
    await time.advance(1);
    return { settled };
  }

  it('gives the turn in the order in which members asked, on all of them', async () => {
    await electA();
    const waiters = [a, b, c, b].map(({ line }) => line.join(RESOURCE));
    for (const [i, waiter] of waiters.entries()) await begin(`${i}`, waiter);
    for (const waiter of waiters) {
      waiter.taken(10_000);
      await time.advance(1);
      c.line.freed(RESOURCE);
      await time.advance(1);
    }
    expect(turns).toEqual(['0 take', '1 take', '2 take', '3 take']);
  });

  it('keeps a line for each resource', async () => {
    await electA();
    await begin('x', b.line.join(RESOURCE));
    await begin('y', b.line.join({ ...RESOURCE, row: 'another' }));
    expect(turns).toEqual(['x take', 'y take']);
  });

  it('goes on when the one with the turn wants nothing any more', async () => {
    await electA();
    const first = b.line.join(RESOURCE);
    await begin('first', first);
    await begin('next', c.line.join(RESOURCE));
    first.leave();
    await time.advance(1);
    expect(turns).toEqual(['first take', 'next take']);
  });

  it('tells no leader of an acquire without one, and tells nothing twice', async () => {
    const waiter = b.line.join(RESOURCE);
    await begin('alone', waiter);
    await time.advance(ELECTING);
    expect(turns).toEqual(['alone look']);
    await electA();
    waiter.taken(10_000);
    waiter.leave();
    expect(members.sent.size).toBe(0);
    const other = b.line.join(RESOURCE);
    await begin('other', other);
    other.taken(10_000);
    other.taken(10_000);
    other.leave();
    expect(Object.fromEntries(members.sent)).toEqual({ [WAIT]: 1, [TAKEN]: 1 });
  });

  it('joins the line of a leader that becomes known, at the position that the time waited gives', async () => {
    const early = c.line.join(RESOURCE);
    await begin('early', early);
    await time.advance(ELECTING);
    await begin('early', early, {}, 30_000);
    await time.advance(1_000);
    members.elect(a, 1n);
    await begin('late', b.line.join(RESOURCE));
    await time.advance(GATHERED);
    expect(turns).toEqual(['early look', 'early look']);
  });

  it('lets the election go first, and stands in line at once when it is through', async () => {
    for (const { view } of [b, c]) view.forget(0n);
    await begin('b', b.line.join(RESOURCE));
    await begin('c', c.line.join(RESOURCE));
    await time.advance(900);
    expect(turns).toEqual([]);
    await electA();
    await time.advance(ELECTING);
    expect(turns).toEqual(['b look']);
  });

  it('lets an election go first that begins while it waits for a holder to be gone', async () => {
    await electA();
    const waiter = b.line.join(RESOURCE);
    await begin('b', waiter);
    members.kill(a);
    // Its lease ends before the holder's.
    await begin('b', waiter, {}, QUEUE_LEASE);
    await time.advance(QUEUE_LEASE + 150);
    expect(turns).toEqual(['b take']);
    members.elect(c, 2n);
    await time.advance(GATHERED);
    expect(turns).toEqual(['b take', 'b look']);
    expect(members.sent.get(WAIT)).toBeGreaterThan(1);
  });

  it('waits a second for an election, once, if no leader is ever elected', async () => {
    b.view.forget(0n);
    await begin('first', b.line.join(RESOURCE));
    await time.advance(ELECTING);
    await begin('second', b.line.join(RESOURCE));
    // As the election does at each look that finds no leader.
    b.view.forget(0n);
    await begin('third', b.line.join(RESOURCE));
    expect(turns).toEqual(['first look', 'second take', 'third take']);
    expect(b.clock.armed).toBe(0);
  });

  it.each([
    ['stops to lead', () => a.stopLeading(1n)],
    ['is killed', async () => members.kill(a)],
    ['loses its connections', async () => members.cut(a)],
    ['hangs', async () => a.clock.pause()],
  ])('keeps the order when the leader %s', async (_, mishap) => {
    await electA();
    const waiters: Waiter[] = [];
    for (const [i, { line }] of [b, c, b, c].entries()) {
      waiters[i] = line.join(RESOURCE);
      await begin(`${i}`, waiters[i]);
    }
    await begin('0', waiters[0], {}, 60_000);
    await time.advance(GATHERED);
    await mishap();
    await time.advance(200);
    members.elect(b, 2n);
    await time.advance(GATHERED + 1_000);
    for (const waiter of waiters) {
      waiter.taken(0);
      await time.advance(1);
    }
    expect(turns).toEqual(['0 take', '0 look', '1 take', '2 take', '3 take']);
  });

  it('asks the store by itself once the lease of a leader that hangs is over', async () => {
    await electA();
    await begin('holder', a.line.join(RESOURCE));
    const { settled } = await begin('next', b.line.join(RESOURCE), { timeout: QUEUE_LEASE * 2 });
    a.clock.pause();
    await time.advance(QUEUE_LEASE - GATHERED - 10);
    expect(turns).toEqual(['holder take']);
    await time.advance(1_350);
    await settled;
    expect(turns).toEqual(['holder take', 'next look']);
  });

  it('asks the store by itself where the leader cannot be reached', async () => {
    await electA();
    members.byId.delete('a');
    const waiter = b.line.join(RESOURCE);
    await begin('b', waiter);
    await time.advance(900);
    expect(turns).toEqual([]);
    await time.advance(350);
    expect(turns).toEqual(['b look']);
    await begin('b', waiter, {}, 5_000);
    await time.advance(4_900);
    expect(turns).toHaveLength(1);
    await time.advance(350);
    expect(turns).toEqual(['b look', 'b look']);
  });

  it.each([[undefined], [7], [{ turn: 'go', mark: 1 }], [{ turn: 'take', mark: 'x' }]])(
    'asks the store by itself where the leader answers %o',
    async (answer) => {
      await electA();
      a.handlers.set(WAIT, () => answer);
      await begin('b', b.line.join(RESOURCE));
      await time.advance(1_350);
      expect(turns).toEqual(['b look']);
      expect(members.sent.get(WAIT)).toBeLessThan(10);
    },
  );

  it('does not run in circles with a leader that sends it away at once', async () => {
    await electA();
    a.handlers.set(WAIT, () => ({ turn: 'wait', mark: 1 }));
    const waiter = b.line.join(RESOURCE);
    await begin('b', waiter);
    await begin('b', waiter, {}, 30_000);
    await time.advance(10_000);
    expect(members.sent.get(WAIT)).toBeLessThan(50);
  });

  it('keeps its position for as long as it takes, with a request in ten seconds', async () => {
    await electA();
    const limits = { timeout: 600_000 };
    const first = b.line.join(RESOURCE);
    await begin('0', first);
    await begin('0', first, limits, 600_000);
    for (const [i, { line }] of [c, b].entries()) {
      await begin(`${i + 1}`, line.join(RESOURCE), limits);
    }
    for (let passed = 0; passed < 100_000; passed += 5_000) {
      await time.advance(5_000);
      for (const { view } of members.byId.values()) {
        view.observe({ id: 'a', token: 1n }, QUEUE_LEASE);
      }
    }
    expect(members.sent.get(WAIT)).toBeLessThan(40);
    a.line.freed(RESOURCE);
    await time.advance(1);
    expect(turns).toEqual(['0 take', '0 take']);
  });

  it('has a look when it was not told that something was given back', async () => {
    await electA();
    const first = b.line.join(RESOURCE);
    await begin('first', first);
    await begin('next', c.line.join(RESOURCE));
    first.taken(5_000);
    members.lost.add(FREED);
    b.line.freed(RESOURCE);
    await time.advance(4_990);
    expect(turns).toEqual(['first take']);
    await time.advance(10);
    expect(turns).toEqual(['first take', 'next look']);
  });

  it('tells the next leader what it could not tell the one before', async () => {
    await electA();
    members.kill(a);
    b.line.freed(RESOURCE);
    await time.advance(500);
    members.elect(c, 2n);
    await time.advance(300);
    expect(members.sent.get(FREED)).toBeGreaterThan(1);
    const before = members.sent.get(FREED);
    await time.advance(10_000);
    expect(members.sent.get(FREED)).toBe(before);
    expect(b.clock.armed).toBe(0);
  });

  it('goes on by the lapse where the one with the turn is stopped, which finds its old position', async () => {
    await electA();
    const stopped = b.line.join(RESOURCE);
    await begin('stopped', stopped);
    const next = c.line.join(RESOURCE);
    await begin('next', next);
    b.clock.pause();
    await time.advance(2_490);
    expect(turns).toEqual(['stopped take']);
    await time.advance(10);
    expect(turns).toEqual(['stopped take', 'next take']);
    await begin('last', c.line.join(RESOURCE));
    next.taken(60_000);
    b.clock.resume();
    await begin('stopped', stopped, {}, 60_000);
    c.line.freed(RESOURCE);
    await time.advance(1);
    expect(turns).toEqual(['stopped take', 'next take', 'stopped take']);
  });

  it('serves the line while the leader drains', async () => {
    await electA();
    const drained = a.running.drain(5_000);
    const first = b.line.join(RESOURCE);
    await begin('first', first);
    await begin('next', c.line.join(RESOURCE));
    first.taken(0);
    await drained;
    await time.advance(1);
    expect(turns).toEqual(['first take', 'next take']);
  });

  it.each([
    ['with a leader', true, STILL_IN_LINE],
    ['without one', false, STILL_UNLED],
  ])('gives up in time, and says why, %s', async (_, isLed, text) => {
    if (isLed) await electA();
    const waiter = b.line.join(RESOURCE);
    await begin('b', waiter);
    const late = c.line.join(RESOURCE);
    const from = time.now;
    const waiting = late.turn({ timeout: 700 }, 5_000);
    const failure = waiting.catch((error: unknown) => error);
    let settledAt = 0;
    void failure.then(() => (settledAt = time.now));
    await time.advance(1_000);
    expect(await failure).toMatchObject({ code: 'TIMEOUT', message: text("the lock 'x'") });
    expect(settledAt - from).toBe(700);
  });

  it.each([true, false])('gives up at once by its signal, with a leader: %s', async (isLed) => {
    if (isLed) await electA();
    await begin('b', b.line.join(RESOURCE));
    const given = new AbortController();
    const late = c.line.join(RESOURCE);
    const { settled } = await begin('c', late, { signal: given.signal }, 5_000);
    await begin('next', b.line.join(RESOURCE), {}, 5_000);
    const { now } = time;
    given.abort(new Error('enough'));
    expect(await settled).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } });
    expect(time.now).toBe(now);
    const again = late.turn({ timeout: 100, signal: given.signal });
    await expect(again).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('leaves the line when it gives up, and no timer', async () => {
    await electA();
    const first = a.line.join(RESOURCE);
    await begin('first', first);
    const given = new AbortController();
    const { settled } = await begin('b', b.line.join(RESOURCE), { signal: given.signal });
    await begin('c', c.line.join(RESOURCE));
    given.abort();
    await settled;
    expect(b.clock.armed).toBe(0);
    first.taken(0);
    await time.advance(1);
    expect(turns).toEqual(['first take', 'c take']);
  });

  it('gives up the turn that was given to one that had just gone', async () => {
    await electA();
    const first = a.line.join(RESOURCE);
    await begin('first', first);
    const given = new AbortController();
    const late = b.line.join(RESOURCE);
    const { settled } = await begin('b', late, { signal: given.signal });
    await begin('c', c.line.join(RESOURCE));
    b.clock.pause();
    first.taken(0);
    await time.advance(1);
    // The turn is on its way.
    given.abort();
    b.clock.resume((waiting) => waiting.toReversed());
    await time.advance(1);
    expect(await settled).toMatchObject({ code: 'ABORTED' });
    late.leave();
    await time.advance(1);
    expect(turns).toEqual(['first take', 'c take']);
  });

  it('says so when the member has shut down', async () => {
    await electA();
    const { HedgeError } = await import('../errors/index.js');
    members.byId.get('b')!.client.requestCurrent = async () => {
      throw new HedgeError('NOT_RUNNING', 'closed');
    };
    const waiting = b.line.join(RESOURCE).turn({ timeout: 1_000 });
    await expect(waiting).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });

  const TICKET = { place: 'p', ticket: 't' };
  it.each([
    [WAIT, undefined],
    [WAIT, { ...TICKET, waited: -1 }],
    [WAIT, { ...TICKET, waited: '1' }],
    [WAIT, { ...TICKET, waited: 1e300 }],
    [WAIT, { ...TICKET, waited: 0, place: 'x'.repeat(5_000) }],
    [WAIT, { ...TICKET, waited: 0, ticket: '' }],
    [WAIT, { ...TICKET, waited: 0, ticket: { length: 1 } }],
    [WAIT, { ...TICKET, waited: 0, found: { mark: 1.5, busyFor: 1 } }],
    [WAIT, { ...TICKET, waited: 0, found: null }],
    [TAKEN, TICKET],
    [TAKEN, { ...TICKET, found: { mark: 1, busyFor: null } }],
    [LEAVE, { place: 'p' }],
    [FREED, { place: 7 }],
    [FREED, null],
  ])('refuses what no member sends: %s %o', async (route, data) => {
    await electA();
    await expect(b.client.requestCurrent(route, data, { timeout: 100 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(a.clock.armed).toBe(0);
  });

  it('keeps members from the tickets of others', async () => {
    await electA();
    const packet = { place: 'p', ticket: 't', waited: 0 };
    const mine = await b.client.requestCurrent(WAIT, packet, { timeout: 100 });
    expect(mine).toMatchObject({ turn: 'take' });
    const theirs = c.client.requestCurrent(WAIT, packet, { timeout: 50_000 });
    await c.client.requestCurrent(LEAVE, packet, { timeout: 100 });
    await b.client.requestCurrent(LEAVE, packet, { timeout: 100 });
    expect(await theirs).toMatchObject({ turn: 'wait' });
    expect(a.clock.armed).toBe(0);
  });
});
