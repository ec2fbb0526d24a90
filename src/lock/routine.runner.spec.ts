import { beforeEach, describe, expect, it } from 'vitest';
import { FAIR, LOST, MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { sleep } from '../time/index.js';
import { HeldTerms } from './held-terms.js';
import type { Lock } from './lock.js';
import type { LockService } from './lock.service.js';

describe('a routine that runs with a lock', () => {
  let rooms: MemberRooms;
  let locks: LockService;

  beforeEach(() => {
    rooms = new MemberRooms();
    locks = rooms.locks();
  });

  const using = <R>(fn: (lock: Lock) => Promise<R>) => rooms.during(locks.using('job', fn));
  const pause = (ms: number) => sleep(rooms.clock, ms);
  const storeDies = () => void (rooms.network.usual = { ...LOST, broken: 1 });

  it('is followed by the release, and gives its result', async () => {
    const result = await using(async (lock) => {
      expect(lock.isHeld() && locks.hasLock('job')).toBe(true);
      expect(lock).toBe(locks.current);
      return 'done';
    });

    expect(result).toBe('done');
    expect(locks.hasLock('job')).toBe(false);
    expect(rooms.rowNames).toEqual([]);
  });

  it.each<[string, (lock: Lock) => unknown]>([
    ['the release works', () => undefined],
    ['the release fails', storeDies],
    ['the lock was lost', (lock: Lock) => lock.term.lost('session-gone')],
    ['it released the lock itself', (lock: Lock) => lock.release()],
  ])('rejects with its own error and no other: %s', async (_, then) => {
    const failure = new TypeError('mine');
    const used = using(async (lock) => {
      then(lock);
      throw failure;
    });

    await expect(used).rejects.toBe(failure);
  });

  it('rejects LOCK_LOST when it succeeded with a lock that was lost', async () => {
    const used = using(async (lock) => {
      storeDies();
      await pause(11_000);
      expect(lock.signal.aborted).toBe(true);
      return 'done';
    });

    await expect(used).rejects.toMatchObject({
      code: 'LOCK_LOST',
      message: expect.stringContaining("The lock 'job' is not held any more") as unknown,
    });
  });

  it('notices the loss though it left the event loop no turn', async () => {
    const used = using(async () => {
      rooms.clock.jumpWall(11_000);
      return 'done';
    });

    await expect(used).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });

  it('has lost nothing that it released itself', async () => {
    const result = await using(async (lock) => {
      await lock.release();
      storeDies();
      await pause(11_000);
      return 'done';
    });

    expect(result).toBe('done');
  });

  it('is waited for, also when it does not listen to the signal', async () => {
    let isOver = false;
    const used = using(async () => {
      storeDies();
      await pause(30_000);
      isOver = true;
    });

    await expect(used).rejects.toMatchObject({ code: 'LOCK_LOST' });
    expect(isOver).toBe(true);
  });

  it('knows the lock it runs with, the innermost, beside others', async () => {
    const seen: (string | undefined)[] = [];
    const note = () => void seen.push(locks.current?.name);
    note();
    await rooms.during(
      Promise.all([
        locks.using('outer', async () => {
          await locks.using('inner', async () => {
            await pause(100);
            note();
          });
          await pause(100);
          note();
        }),
        locks.using('beside', async () => {
          await pause(50);
          note();
        }),
      ]),
    );
    note();

    expect(seen).toEqual([undefined, 'beside', 'inner', 'outer', undefined]);
  });

  it.each([[undefined], ['job'], [{}]])('has to be a function, not %o', async (fn) => {
    const used = locks.using('job', fn as () => Promise<void>);
    await expect(used).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(rooms.network.requests).toBe(0);
  });

  it.each(['', 'a/b', 'a#b', '\0', 'x'.repeat(1_001), undefined, 7])(
    'has to have a lock with a name, not %o',
    async (name) => {
      const given = name as string;
      const invalid = { code: 'INVALID_ARGUMENT' };

      await expect(locks.using(given, async () => 1)).rejects.toMatchObject(invalid);
      await expect(locks.acquire(given)).rejects.toMatchObject(invalid);
      await expect(locks.tryAcquire(given)).rejects.toMatchObject(invalid);
      expect(rooms.network.requests).toBe(0);
    },
  );
});

describe('a lock', () => {
  let rooms: MemberRooms;
  let lock: Lock;

  beforeEach(async () => {
    rooms = new MemberRooms();
    lock = await rooms.during(rooms.locks().acquire('job'));
  });

  it('is given back once, however often and however it is told to', async () => {
    const { commits } = rooms.model;
    const released = lock.release();
    expect(lock.isHeld()).toBe(false);
    expect(lock.signal.aborted).toBe(true);
    await rooms.during(lock.release());
    // Not before the first of them.
    expect(rooms.rowNames).toEqual([]);
    await Promise.all([released, lock[Symbol.asyncDispose]()]);

    expect(rooms.model.commits - commits).toBe(1);
  });

  it('is given back at the end of its block', async () => {
    const locks = rooms.locks();
    const held = new HeldTerms();
    const block = async () => {
      await using own = await rooms.locks(held).acquire('own');
      expect(own.isHeld()).toBe(true);
    };
    await rooms.during(block());

    expect(await rooms.during(locks.tryAcquire('own'))).toBeDefined();
  });

  it('has nothing to give back once it was lost, and says so without a question', async () => {
    rooms.network.usual = LOST;
    await rooms.time.advance(10_000);
    expect(lock.isHeld()).toBe(false);
    rooms.network.usual = FAIR;
    const { requests } = rooms.network;
    await lock.release();

    expect(rooms.network.requests).toBe(requests);
  });

  it('has nothing to give back once its fence is gone, though its session goes on', async () => {
    const own = await rooms.during(rooms.locks().acquire('own'));
    rooms.keeper.lose(lock.term.session, lock.term);
    const { requests } = rooms.network;
    await lock.release();

    expect(rooms.network.requests).toBe(requests);
    expect([lock.isHeld(), own.isHeld()]).toEqual([false, true]);
  });

  it('was lost, not given back, when it is released past its deadline', async () => {
    rooms.clock.jumpWall(11_000);
    await rooms.during(lock.release());

    expect(lock.term.lossReason).toBe('expired');
    expect(rooms.logger.warnings).toEqual([expect.stringContaining("lost the lock 'job'")]);
  });

  it('is lost to its holder before anybody else can have it, when the store is out of reach', async () => {
    const other = rooms.other('b:1');
    let abortedAt = Infinity;
    lock.signal.addEventListener('abort', () => (abortedAt = rooms.time.now));
    rooms.network.usual = LOST;
    const next = await rooms.during(other.locks().acquire('job'));

    expect(abortedAt).toBeLessThan(9_910);
    expect(rooms.time.now).toBeGreaterThan(10_290);
    expect(next.token).toBeGreaterThan(lock.token);
  });

  it('has a JSON, with its token as text', () => {
    expect(JSON.stringify(lock)).toBe(`{"name":"job","token":"${lock.token}"}`);
  });
});
