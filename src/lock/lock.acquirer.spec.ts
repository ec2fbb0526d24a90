import { beforeEach, describe, expect, it } from 'vitest';
import {
  ABORTED,
  FAIR,
  LOST,
  MemberRooms,
  REPLY_LOST,
} from '../../test/support/simulated/member.rooms.js';
import { HedgeError } from '../errors/index.js';
import type { AcquireOutcome } from './lock.acquirer.js';
import { groupLock, namedLock } from './lock.resource.js';
import type { Term } from './term.js';

const JOB = namedLock('g', 'job');

describe('acquiring and releasing a lock', () => {
  let rooms: MemberRooms;
  let other: MemberRooms;

  beforeEach(() => {
    rooms = new MemberRooms();
    other = rooms.other('b:1');
  });

  const acquire = (member = rooms, lock = JOB, timeout = 5_000): Promise<AcquireOutcome> =>
    rooms.during(member.acquirer.acquire(lock, { timeout }));

  async function acquired(member = rooms, lock = JOB): Promise<Term> {
    const outcome = await acquire(member, lock);
    if (outcome.kind !== 'acquired') throw new Error('held');
    return outcome.term;
  }

  it('gives the lock to one, and tells the other how long', async () => {
    const term = await acquired();
    const outcome = await acquire(other);

    expect(term.isHeld()).toBe(true);
    expect(outcome).toMatchObject({ kind: 'held', holder: { address: 'a:1', token: term.token } });
  });

  it('is given up when its time is over, not a pause later', async () => {
    rooms.network.usual = ABORTED;
    const begun = rooms.time.now;
    await expect(acquire(rooms, JOB, 500)).rejects.toMatchObject({ code: 'TIMEOUT' });

    expect(rooms.time.now - begun).toBeLessThanOrEqual(501);
  });

  it('does not take a session for gone that began after it was looked for', async () => {
    // Of the second the answer takes so long that the first has landed by then.
    rooms.network.next.push(FAIR, { there: 1, back: 10 });
    const both = [JOB, namedLock('g', 'other')].map((lock) =>
      rooms.acquirer.acquire(lock, { timeout: 5_000 }),
    );
    const outcomes = await rooms.during(Promise.all(both));

    const held = outcomes.map((outcome) => outcome.kind === 'acquired' && outcome.term.isHeld());
    expect(held).toEqual([true, true]);
    expect(rooms.rowNames.filter((row) => row.includes('/session/'))).toHaveLength(1);
  });

  it('gives rising tokens', async () => {
    const first = await acquired();
    await rooms.during(rooms.releaser.release(first, 'released'));
    const second = await acquired(other);

    expect(second.token).toBeGreaterThan(first.token);
  });

  it('leaves no row behind', async () => {
    await rooms.during(rooms.releaser.release(await acquired(), 'released'));

    expect(rooms.rowNames).toEqual([]);
  });

  it("leaves the group's row, marked as free", async () => {
    await rooms.during(rooms.releaser.release(await acquired(rooms, groupLock('g')), 'released'));

    expect(rooms.rowNames).toEqual([groupLock('g').row]);
    expect(rooms.model.rows.get(groupLock('g').row)?.heartbeat).toBeUndefined();
  });

  it('stops holding before it releases', async () => {
    const term = await acquired();
    const released = rooms.releaser.release(term, 'released');

    expect(term.isHeld()).toBe(false);
    expect(term.signal.aborted).toBe(true);
    await rooms.during(released);
  });

  it.each([
    ['the answer', REPLY_LOST],
    ['the request', LOST],
    ['a race', ABORTED],
  ])('releases once %s to a release is lost', async (_, fate) => {
    const term = await acquired();
    rooms.network.next.push(fate, fate);
    await rooms.during(rooms.releaser.release(term, 'released'));

    expect(rooms.rowNames).toEqual([]);
  });

  it('leaves the successor alone when a release arrives again', async () => {
    const term = await acquired();
    rooms.network.next.push({ there: 1, back: 1, again: 500 });
    const released = rooms.releaser.release(term, 'released');
    await rooms.time.advance(5);
    const successor = await acquired(other);
    await rooms.during(released);

    expect(rooms.model.rows.get(JOB.row)?.token).toBe(successor.token);
    expect(rooms.model.rows.has(successor.row)).toBe(true);
  });

  it('goes on releasing for as long as a shared session is renewed', async () => {
    await acquired(rooms, groupLock('g'));
    const term = await acquired();
    const isRelease = { ...LOST, broken: 1 };
    rooms.network.next.push(isRelease, isRelease, isRelease);
    const released = rooms.releaser.release(term, 'released');
    await rooms.during(released);

    expect(await acquire(other)).toMatchObject({ kind: 'acquired' });
    expect(rooms.keeper.current?.fences.size).toBe(1);
  });

  it('finds its own term when the answer to the acquire is lost', async () => {
    // A read, then the commit whose answer is lost.
    rooms.network.next.push({ there: 1, back: 1 }, REPLY_LOST);
    const begun = rooms.clock.now();
    const term = await acquired();

    expect(term.isHeld()).toBe(true);
    expect(rooms.model.rows.get(term.row)?.token).toBe(term.token);
    const elapsed = rooms.clock.now().monotonic - begun.monotonic;
    expect(term.session.remaining()).toBeCloseTo(9_900 - elapsed);
  });

  it('asks again soon when a request is lost', async () => {
    rooms.network.next.push(LOST);
    const begun = rooms.time.now;
    await acquired();

    expect(rooms.time.now - begun).toBeLessThan(3_000);
  });

  it('settles an acquire that it gave up while it was under way', async () => {
    const giveUp = new AbortController();
    rooms.network.next.push({ there: 1, back: 1 }, { there: 500, back: 1 });
    const acquiring = rooms.acquirer.acquire(JOB, { timeout: 5_000, signal: giveUp.signal });
    const outcome = expect(acquiring).rejects.toMatchObject({ code: 'ABORTED' });
    await rooms.time.advance(10);
    giveUp.abort();
    await outcome;
    await rooms.time.advance(1_000);

    expect(rooms.rowNames).toEqual([]);
  });

  it('takes back an acquire that had landed when it was given up', async () => {
    const giveUp = new AbortController();
    rooms.network.next.push({ there: 1, back: 1 }, REPLY_LOST);
    const acquiring = rooms.acquirer.acquire(JOB, { timeout: 5_000, signal: giveUp.signal });
    const outcome = expect(acquiring).rejects.toBeInstanceOf(HedgeError);
    await rooms.time.advance(10);
    expect(rooms.model.rows.has(JOB.row)).toBe(true);
    giveUp.abort();
    await outcome;
    await rooms.during(rooms.releaser.finished());

    expect(rooms.rowNames).toEqual([]);
    expect(rooms.keeper.current).toBeUndefined();
  });

  it('sends nothing once it is given up', async () => {
    await expect(
      rooms.acquirer.acquire(JOB, { timeout: 100, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'ABORTED' });

    expect(rooms.network.requests).toBe(0);
  });

  it('gives up in time when the store is away', async () => {
    rooms.network.usual = LOST;

    await expect(acquire(rooms, JOB, 3_000)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(rooms.time.now).toBeLessThan(3_100);
  });

  it('keeps trying under one session after another', async () => {
    rooms.network.usual = LOST;
    const acquiring = rooms.acquirer.acquire(JOB, { timeout: 60_000 });
    await rooms.time.advance(25_000);
    rooms.network.usual = { there: 1, back: 1 };
    const outcome = await rooms.during(acquiring);

    expect(outcome.kind).toBe('acquired');
  });

  it('is not misled by an acquire of a session that others have ended', async () => {
    await acquired();
    rooms.model.commit([{ table: 'lock', op: 'delete', name: rooms.keeper.current!.row }]);
    const term = await acquired(rooms, namedLock('g', 'next'));

    expect(term.isHeld()).toBe(true);
    expect(rooms.model.rows.has(term.session.row)).toBe(true);
  });

  it("takes over once the holder's lease and its margin are over, by the store's clock", async () => {
    const term = await acquired();
    rooms.clock.pause();
    await rooms.time.advance(10_290);
    expect((await acquire(other)).kind).toBe('held');

    await rooms.time.advance(20);
    expect((await acquire(other)).kind).toBe('acquired');
    expect(term.isHeld()).toBe(false);
  });

  it('keeps a session for the acquire that is under way while the last lock is released', async () => {
    const term = await acquired();
    rooms.network.next.push({ there: 50, back: 50 });
    const acquiring = rooms.acquirer.acquire(namedLock('g', 'next'), { timeout: 1_000 });
    await rooms.during(rooms.releaser.release(term, 'released'));
    const next = await rooms.during(acquiring);

    expect(next).toMatchObject({ kind: 'acquired', term: { session: term.session } });
  });

  it('leaves no session behind an acquire that found the lock held', async () => {
    await acquired(other);
    const term = await acquired(rooms, namedLock('g', 'mine'));
    rooms.network.next.push({ there: 50, back: 50 });
    const acquiring = rooms.acquirer.acquire(JOB, { timeout: 1_000 });
    await rooms.during(rooms.releaser.release(term, 'released'));
    expect((await rooms.during(acquiring)).kind).toBe('held');
    await rooms.during(rooms.releaser.finished());

    expect(rooms.rowNames.filter((name) => name.includes(term.session.id))).toEqual([]);
  });

  it('waits for releases that are under way, no longer than allowed', async () => {
    const term = await acquired();
    rooms.network.usual = LOST;
    void rooms.releaser.release(term, 'released');
    const begun = rooms.time.now;
    await rooms.during(rooms.releaser.finished(300));

    expect(rooms.time.now - begun).toBeLessThan(310);
  });

  it('stops repeating when told to', async () => {
    const term = await acquired();
    rooms.network.usual = { ...LOST, broken: 1 };
    const released = rooms.releaser.release(term, 'released');
    await rooms.time.advance(100);
    rooms.releaser.stop();
    rooms.renewer.stop();
    await rooms.during(released);

    expect(rooms.clock.armed).toBe(0);
  });
});
