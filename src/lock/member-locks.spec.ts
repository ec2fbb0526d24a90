import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ABORTED,
  FAIR,
  LOST,
  MemberRooms,
  REPLY_LOST,
} from '../../test/support/simulated/member.rooms.js';
import { HedgeError } from '../errors/index.js';
import { namedLock } from './lock.resource.js';
import type { Term } from './term.js';
import type { WaitingLine } from './waiting.line.js';

const JOB = namedLock('g', 'job');

describe('MemberLocks', () => {
  let rooms: MemberRooms;
  let other: MemberRooms;

  beforeEach(() => {
    rooms = new MemberRooms();
    other = rooms.other('b:1');
  });

  const acquire = (member = rooms, timeout = 30_000, lock = JOB): Promise<Term> =>
    rooms.during(member.memberLocks.acquire(lock, { timeout }));
  const release = (term: Term, member = rooms) => rooms.during(member.memberLocks.release(term));

  it('makes two commits if no other member wants the lock', async () => {
    const before = rooms.model.commits;
    await release(await acquire());

    expect(rooms.model.commits - before).toBe(2);
    expect(rooms.rowNames).toEqual([]);
  });

  it('waits until the holder dies', async () => {
    const term = await acquire();
    rooms.clock.kill();
    const begun = rooms.time.now;
    const next = await rooms.during(other.memberLocks.acquire(JOB, { timeout: 30_000 }));

    expect(next.token).toBeGreaterThan(term.token);
    expect(rooms.time.now - begun).toBeLessThan(10_500);
  });

  it('says who held it when the time is over', async () => {
    await acquire();

    await expect(acquire(other, 3_000)).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(
        /3000 ms .* the lock 'job'\. .* in use by member a:1/,
      ) as unknown,
    });
  });

  it('tries without waiting, and reads before it writes', async () => {
    await acquire();
    const transact = vi.spyOn(other.store, 'transact');
    const limits = { timeout: 1_000 };

    expect(await rooms.during(other.memberLocks.tryAcquire(JOB, limits))).toBeUndefined();
    expect(transact).not.toHaveBeenCalled();
    expect(other.network.requests).toBe(1);
    const free = namedLock('g', 'free');
    expect((await rooms.during(other.memberLocks.tryAcquire(free, limits)))?.isHeld()).toBe(true);
  });

  it.each([
    ['while its question is under way', 1, FAIR],
    ['while it waits', 500, FAIR],
    ['while the store hangs', 500, LOST],
  ])('gives up at once when its signal says so: %s', async (_, after, fate) => {
    await acquire();
    other.network.usual = fate;
    const giveUp = new AbortController();
    const waiting = other.memberLocks.acquire(JOB, { timeout: 30_000, signal: giveUp.signal });
    await rooms.time.advance(after);
    const given = rooms.time.now;
    giveUp.abort(new Error('enough'));

    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', cause: giveUp.signal.reason });
    expect(rooms.time.now).toBe(given);
    other.network.usual = FAIR;
    await rooms.during(other.releaser.finished());
    expect(other.keeper.current?.isIdle ?? true).toBe(true);
    expect(other.clock.armed).toBe(0);
  });

  it('sends nothing when its signal was aborted before', async () => {
    const limits = { timeout: 1_000, signal: AbortSignal.abort() };
    for (const ask of [
      rooms.memberLocks.acquire(JOB, limits),
      rooms.memberLocks.tryAcquire(JOB, limits),
    ]) {
      await expect(ask).rejects.toMatchObject({ code: 'ABORTED' });
    }

    expect(rooms.network.requests).toBe(0);
  });

  it('gives back what lands after its signal', async () => {
    const giveUp = new AbortController();
    // A read, then the commit whose answer is lost.
    rooms.network.next.push({ there: 1, back: 1 }, REPLY_LOST);
    const waiting = rooms.memberLocks.acquire(JOB, { timeout: 30_000, signal: giveUp.signal });
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    await rooms.time.advance(10);
    expect(rooms.model.rows.has(JOB.row)).toBe(true);
    giveUp.abort();
    await outcome;
    await rooms.during(rooms.releaser.finished());

    expect(rooms.rowNames).toEqual([]);
  });

  describe('tells the line of a release when the store shows it, not before', () => {
    /** The rows that stood when the line was told. */
    let told: { resource: string; rows: string[] }[];
    let member: MemberRooms;

    beforeEach(() => {
      told = [];
      const { time, model } = rooms;
      const line: WaitingLine = {
        freed: ({ row }) => void told.push({ resource: row, rows: rooms.rowNames }),
        join: () => ({ turn: async () => 'take', taken: () => undefined, leave: () => undefined }),
      };
      member = new MemberRooms({ time, model, line: () => line });
    });

    it.each([
      ['aborted', (giveUp: AbortController) => giveUp.abort(), 30_000],
      ['out of time', () => undefined, 20],
    ])('where an acquire that was %s landed', async (_, end, timeout) => {
      member.network.next.push(FAIR, REPLY_LOST);
      const giveUp = new AbortController();
      const waiting = member.memberLocks.acquire(JOB, { timeout, signal: giveUp.signal });
      const outcome = expect(waiting).rejects.toBeInstanceOf(HedgeError);
      await rooms.time.advance(10);
      expect(rooms.model.rows.has(JOB.row)).toBe(true);
      end(giveUp);
      await rooms.time.advance(100);
      await outcome;

      expect(told).toMatchObject([{ resource: JOB.row }]);
      expect(told[0].rows).not.toContain(JOB.row);
    });

    it('where a close ends the session before what landed of a refused acquire is settled', async () => {
      const limits = { timeout: 1_000 };
      await rooms.during(member.memberLocks.acquire(namedLock('g', 'z'), limits));
      member.network.next.push(FAIR, REPLY_LOST);
      const waiting = member.memberLocks.acquire(JOB, limits);
      const refused = expect(waiting).rejects.toMatchObject({ code: 'NOT_RUNNING' });
      await rooms.time.advance(10);
      expect(rooms.model.rows.has(JOB.row)).toBe(true);
      member.network.next.push(ABORTED, { there: 50, back: 1 });
      void member.memberLocks.stop(new HedgeError('NOT_RUNNING', 'closing'));
      await refused;
      await rooms.during(member.memberLocks.releaseAll('shutdown'));
      await rooms.during(member.releaser.finished());

      expect(told.find(({ resource }) => resource === JOB.row)?.rows).not.toContain(JOB.row);
      expect(rooms.rowNames).toEqual([]);
    });

    it('where an acquire landed that was answered after its session, and a close waits for that', async () => {
      const waiting = member.memberLocks.acquire(JOB, { timeout: 1_000 });
      const refused = expect(waiting).rejects.toBeInstanceOf(HedgeError);
      await rooms.time.advance(2);
      member.clock.pause();
      await rooms.time.advance(12_000);
      expect(rooms.model.rows.has(JOB.row)).toBe(true);
      member.network.usual = { there: 20, back: 20 };
      member.clock.resume();
      await rooms.time.advance(1);
      await refused;
      await rooms.during(member.releaser.finished());

      expect(told).toEqual([{ resource: JOB.row, rows: [] }]);
    });

    it('where the session ended with what was released next', async () => {
      const limits = { timeout: 1_000 };
      const first = await rooms.during(member.memberLocks.acquire(JOB, limits));
      const last = await rooms.during(member.memberLocks.acquire(namedLock('g', 'z'), limits));
      member.network.next.push(LOST);
      const released = member.memberLocks.release(first);
      const releasedLast = member.memberLocks.release(last);
      await rooms.during(released);
      expect(rooms.rowNames).not.toContain(first.row);
      await rooms.during(releasedLast);

      expect(rooms.rowNames).toEqual([]);
      expect(told.find(({ resource }) => resource === JOB.row)?.rows).not.toContain(first.row);
    });
  });

  it('rejects all waiters when the member closes, and keeps held locks until releaseAll()', async () => {
    const term = await acquire();
    const waiting = rooms.memberLocks.acquire(JOB, { timeout: 30_000 });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await rooms.time.advance(10);
    void rooms.memberLocks.stop(new HedgeError('NOT_RUNNING', 'closing'));
    await refused;
    expect(term.isHeld()).toBe(true);
    await expect(acquire()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await rooms.during(rooms.memberLocks.releaseAll('shutdown'));

    expect(term.lossReason).toBe('shutdown');
    expect(rooms.rowNames).toEqual([]);
    expect(rooms.logger.warnings).toEqual([]);
  });

  it('gives back at once what lands when the member has closed', async () => {
    const acquiring = rooms.memberLocks.acquire(JOB, { timeout: 30_000 });
    const refused = expect(acquiring).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    rooms.refusal = new HedgeError('NOT_RUNNING', 'closed');
    await rooms.time.advance(100);
    await refused;
    await rooms.during(rooms.releaser.finished());

    expect(rooms.rowNames).toEqual([]);
  });

  it('logs one line for everything that a lost session held', async () => {
    const terms: Term[] = [];
    for (let n = 0; n < 20; n++) terms.push(await acquire(rooms, 1_000, namedLock('g', `l${n}`)));
    rooms.network.usual = LOST;
    await rooms.time.advance(10_000);

    expect(terms.some((term) => term.isHeld())).toBe(false);
    const lines = rooms.logger.warnings.filter((line) => line.includes('This member lost'));
    expect(lines).toEqual([expect.stringContaining("20 locks and permits (the lock 'l0', ")]);
  });

  it('says so, too, where it went before the acquire could answer, and forgets it', async () => {
    const acquiring = rooms.acquirer.acquire.bind(rooms.acquirer);
    vi.spyOn(rooms.acquirer, 'acquire').mockImplementation(async (...question) => {
      const outcome = await acquiring(...question);
      rooms.keeper.end(rooms.keeper.current!, 'session-gone');
      return outcome;
    });
    expect((await acquire()).isHeld()).toBe(false);
    const { requests } = rooms.network;
    await rooms.during(rooms.memberLocks.releaseAll('shutdown'));

    expect(rooms.logger.warnings).toEqual([expect.stringContaining("lost the lock 'job'")]);
    expect(rooms.network.requests).toBe(requests);
  });

  it('renews a thousand locks with one commit', async () => {
    for (let n = 0; n < 1_000; n++) await acquire(rooms, 1_000, namedLock('g', `l${n}`));
    const before = rooms.model.commits;
    await rooms.time.advance(10_000);
    const renewals = rooms.model.commits - before;

    expect(renewals).toBeGreaterThanOrEqual(3);
    expect(renewals).toBeLessThanOrEqual(4);
  });

  it('gives back a thousand locks at a shutdown with the first of a few commits', async () => {
    const terms: Term[] = [];
    for (let n = 0; n < 1_000; n++) terms.push(await acquire(rooms, 1_000, namedLock('g', `${n}`)));
    const before = rooms.model.commits;
    rooms.network.next.push(FAIR, LOST);
    const released = rooms.memberLocks.releaseAll('shutdown');
    await rooms.time.advance(2);

    expect(rooms.model.commits - before).toBe(1);
    expect(terms.map(({ lossReason }) => lossReason)).toEqual(terms.map(() => 'shutdown'));
    for (const name of ['0', '500', '999']) {
      expect((await acquire(other, 1_000, namedLock('g', name))).isHeld()).toBe(true);
    }
    await rooms.during(released);
    // A hundred at a time: left to the sweeper where the request was lost, or one of them had been taken over.
    const fences = rooms.rowNames.filter((name) => name.includes('#'));
    expect(fences.length).toBeLessThanOrEqual(302);
    expect(rooms.model.commits - before).toBeLessThanOrEqual(14);
  });

  it('renews a lease of a second three times a second, no more', async () => {
    const hasty = new MemberRooms({ leaseDuration: 1_000 });
    const term = await hasty.during(hasty.memberLocks.acquire(JOB, { timeout: 1_000 }));
    const before = hasty.model.commits;
    await hasty.time.advance(60_000);
    const renewals = hasty.model.commits - before;

    expect(term.isHeld()).toBe(true);
    expect(renewals).toBeGreaterThanOrEqual(180);
    expect(renewals).toBeLessThanOrEqual(210);
  });
});
