import { Injectable } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { HedgeError, HedgeService, OnLeaderMessage, type Permit } from '../../src/index.js';
import { LIMIT_MISMATCH } from '../../src/semaphore/semaphore.messages.js';
import { keysBeginningWith, type Mutation } from '../../src/store/index.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import {
  onEveryStore,
  SOON,
  startApp,
  useGroup,
  type App,
  type Group,
} from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';

@Injectable()
class Echo {
  @OnLeaderMessage('echo')
  echo() {
    return 'echo';
  }
}

const CALL = { timeout: 10_000 };

/** What is in the store of the group's semaphores. */
async function permitRows({ store }: Group): Promise<string[]> {
  const range = keysBeginningWith('hedge/group/semaphore/');
  return (await vi.waitFor(() => store.rows({ range }, CALL), SOON)).map(({ name }) => name);
}

const semaphoreOf = ({ hedge }: App, limit: number) => hedge.semaphore('s', limit);

const codeOf = (error: unknown) => (error instanceof HedgeError ? error.code : error);

/** Counts who is inside, and how many were at the most. */
class Room {
  inside = 0;
  most = 0;

  async enter(permit: Permit, limit: number): Promise<void> {
    expect(permit.isHeld()).toBe(true);
    this.most = Math.max(this.most, ++this.inside);
    // Nobody goes before it was full once.
    await vi.waitFor(() => expect(this.most).toBeGreaterThanOrEqual(limit), SOON);
    this.inside--;
  }
}

describe('a semaphore', () => {
  onEveryStore((group) => {
    it('lets in as many as its limit says, of all members together', async () => {
      const apps = await group().startMany(3);
      const room = new Room();
      const users = Array.from({ length: 20 }, (_, at) =>
        semaphoreOf(apps[at % 3], 5).using((permit) => room.enter(permit, 5)),
      );
      await Promise.all(users);

      expect(room.most).toBe(5);
      expect(await permitRows(group())).toEqual([]);
      expect(logs.at('error')).toEqual([]);
    });

    it('gives one member several permits, and each release frees exactly one', async () => {
      const [first, second] = await group().startMany(2);
      const mine = [
        await semaphoreOf(first, 3).acquire(),
        await semaphoreOf(first, 3).acquire(),
        await semaphoreOf(first, 3).acquire(),
      ];
      expect(await semaphoreOf(second, 3).tryAcquire()).toBeUndefined();

      await mine[1].release();
      await mine[1].release();
      expect(mine.map((permit) => permit.isHeld())).toEqual([true, false, true]);
      const theirs = await semaphoreOf(second, 3).tryAcquire();
      expect(theirs?.isHeld()).toBe(true);
      expect(await semaphoreOf(second, 3).tryAcquire()).toBeUndefined();
      expect(await semaphoreOf(first, 3).tryAcquire()).toBeUndefined();
      expect(await permitRows(group())).toHaveLength(3);
    });

    it('gives permits in the order of arrival, whatever members ask for them', async () => {
      const apps = await group().startMany(3, {}, [Echo]);
      const held = [
        await semaphoreOf(apps[1], 2).acquire(),
        await semaphoreOf(apps[2], 2).acquire(),
      ];
      const waiting: Promise<Permit>[] = [];
      const join = async (app: App) => {
        waiting.push(semaphoreOf(app, 2).acquire());
        // The line is asked before anything that begins later, and requests of a member arrive in order.
        await new Promise((resolve) => setImmediate(resolve));
        await app.hedge.send('echo', waiting.length, SOON);
      };
      for (let at = 0; at < 9; at++) await join(apps[at % 3]);

      const served = waiting.map(async (coming) => {
        const permit = await coming;
        await permit.release();
        return permit.token;
      });
      await Promise.all(held.map((permit) => permit.release()));

      const byArrival = await Promise.all(served);
      expect(byArrival).toEqual(byArrival.toSorted((one, other) => (one < other ? -1 : 1)));
    });

    it('rises its tokens with each permit', async () => {
      const [first, second] = await group().startMany(2);
      const tokens = [];
      for (const app of [first, second, first]) {
        tokens.push((await semaphoreOf(app, 3).acquire()).token);
      }

      expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)));
      expect(new Set(tokens).size).toBe(3);
    });

    it('tells whoever asks with another limit at once, though a line is waiting', async () => {
      const [first, second] = await group().startMany(2);
      const permit = await semaphoreOf(first, 1).acquire();
      const giveUp = new AbortController();
      const waiting = semaphoreOf(second, 1).acquire({ signal: giveUp.signal });

      const text = LIMIT_MISMATCH('s', 2, '1', [first.hedge.id]);
      for (const app of [first, second]) {
        const wrong = { code: 'LIMIT_MISMATCH', message: text };
        await expect(semaphoreOf(app, 2).acquire({ timeout: 5_000 })).rejects.toMatchObject(wrong);
        await expect(semaphoreOf(app, 2).tryAcquire()).rejects.toMatchObject(wrong);
      }
      expect(permit.isHeld()).toBe(true);
      giveUp.abort();
      expect(codeOf(await waiting.catch((error: unknown) => error))).toBe('ABORTED');
      await permit.release();
    });

    it('takes another limit once nobody holds a permit', async () => {
      const [first, second] = await group().startMany(2);
      const permit = await semaphoreOf(first, 1).acquire();
      await permit.release();

      await semaphoreOf(second, 2).acquire();
      await semaphoreOf(first, 2).acquire();
      await expect(semaphoreOf(first, 1).acquire()).rejects.toMatchObject({
        code: 'LIMIT_MISMATCH',
      });
    });

    it('keeps permits through a change of leader, by stepDown and by the end of the leader', async () => {
      const [first, third] = await group().startMany(2);
      const second = await group().start({ candidate: false });
      const permits = [
        await semaphoreOf(first, 2).acquire(),
        await semaphoreOf(second, 2).acquire(),
      ];

      const waiting = semaphoreOf(second, 2).acquire();
      await first.hedge.stepDown();
      await vi.waitFor(() => expect(third.hedge.isLeader()).toBe(true), SOON);
      expect(permits.map((permit) => permit.isHeld())).toEqual([true, true]);
      expect(await semaphoreOf(third, 2).tryAcquire()).toBeUndefined();

      // Whoever led and holds a permit gives it back when it ends, to whoever waits; the other's stays.
      await first.close();
      permits.push(await waiting);
      expect(permits.map((permit) => permit.isHeld())).toEqual([false, true, true]);

      await third.close();
      expect(permits.map((permit) => permit.isHeld())).toEqual([false, true, true]);
      expect(await semaphoreOf(second, 2).tryAcquire()).toBeUndefined();
    });

    it('ends permits with their session, and gives them to others', async () => {
      const [, second, third] = await group().startMany(3);
      const lost = [await semaphoreOf(second, 2).acquire(), await semaphoreOf(second, 2).acquire()];
      await deleteSessionOf(group(), second);

      await vi.waitFor(
        () => expect(lost.map(({ signal }) => signal.aborted)).toEqual([true, true]),
        SOON,
      );
      expect(lost.map((permit) => permit.isHeld())).toEqual([false, false]);
      await semaphoreOf(third, 2).acquire();
      await semaphoreOf(third, 2).acquire();
      expect(await permitRows(group())).toHaveLength(2);
      // Given back late: it takes nothing from those that hold them now.
      await Promise.all(lost.map((permit) => permit.release()));
      expect(await permitRows(group())).toHaveLength(2);
    });

    it('forgets those whose call was given up, in line or before', async () => {
      const [first, second] = await group().startMany(2);
      const permit = await semaphoreOf(first, 1).acquire();
      const short = semaphoreOf(second, 1).acquire({ timeout: 500 });
      await expect(short).rejects.toMatchObject({
        code: 'TIMEOUT',
        message: expect.stringContaining(first.hedge.id),
      });
      const giveUp = new AbortController();
      const waiting = Array.from({ length: 5 }, () =>
        semaphoreOf(second, 1).acquire({ signal: giveUp.signal }),
      );
      const late = semaphoreOf(second, 1).acquire({ timeout: 100 });
      await expect(late).rejects.toMatchObject({
        code: 'TIMEOUT',
        message: expect.stringContaining('in line'),
      });
      giveUp.abort();
      const codes = (await Promise.allSettled(waiting)).map(
        (answer) => answer.status === 'rejected' && codeOf(answer.reason),
      );
      expect(codes).toEqual(Array(5).fill('ABORTED'));

      await permit.release();
      expect(await permitRows(group())).toEqual([]);
      const next = await semaphoreOf(second, 1).acquire();
      expect(next.isHeld()).toBe(true);
    });
  });

  describe('by what its users see', () => {
    const group = useGroup();

    it('is given back at the end of its block, and told as JSON', async () => {
      const [app] = await group().startMany(1);
      const semaphore = semaphoreOf(app, 1);
      {
        await using permit = await semaphore.acquire();
        const json = { name: 's', token: permit.token.toString() };
        expect(JSON.parse(JSON.stringify(permit))).toEqual(json);
        expect(permit.signal.aborted).toBe(false);
        expect(await semaphore.tryAcquire()).toBeUndefined();
      }
      expect((await semaphore.tryAcquire())?.isHeld()).toBe(true);
    });

    it('costs two commits to take and give back, and nothing after that', async () => {
      await group().startMany(1);
      const store = new FaultyStore(group().store);
      const calls: string[] = [];
      store.fault = (method) => void calls.push(method);
      const app = await group().start({ store, candidate: false });
      await app.hedge.ready(SOON);
      calls.length = 0;

      const permit = await semaphoreOf(app, 3).acquire();
      await permit.release();

      expect(calls).toEqual(['transact', 'commit']);
    });

    it('runs a routine with a permit, and rejects as that does', async () => {
      const [app] = await group().startMany(1);
      const semaphore = semaphoreOf(app, 1);
      const failure = new Error('mine');

      expect(await semaphore.using(async (permit) => permit.name)).toBe('s');
      await expect(semaphore.using(() => Promise.reject(failure))).rejects.toBe(failure);
      expect((await semaphore.tryAcquire())?.isHeld()).toBe(true);
    });

    it('says when a permit was lost before its routine ended', async () => {
      const [, app] = await group().startMany(2);
      const using = semaphoreOf(app, 1).using(async ({ signal }) => {
        await deleteSessionOf(group(), app);
        await vi.waitFor(() => expect(signal.aborted).toBe(true), SOON);
      });

      await expect(using).rejects.toMatchObject({
        code: 'LOCK_LOST',
        message: expect.stringContaining("A permit of 's'"),
      });
    });

    it.each<[string, number]>([
      ['', 1],
      ['a/b', 1],
      ['a#b', 1],
      ['s', 0],
      ['s', 1.5],
      ['s', 10_001],
      ['s', NaN],
      ['s', '3' as unknown as number],
    ])('is refused with the name %j and the limit %s', async (name, limit) => {
      const [app] = await group().startMany(1);
      const make = () => app.hedge.semaphore(name, limit);

      expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    });

    it('works while the app runs, and says so before and after', async () => {
      const [leader] = await group().startMany(1);
      const early = {
        provide: 'EARLY',
        inject: [HedgeService],
        useFactory: (hedge: HedgeService) =>
          hedge.semaphore('s', 1).tryAcquire().then(undefined, codeOf),
      };
      const app = await startApp(group().place.nextMember(), [early]);
      expect(app.app.get('EARLY')).toBe('NOT_RUNNING');
      const permit = await semaphoreOf(app, 1).acquire();
      const waiting = [semaphoreOf(app, 1).acquire(), semaphoreOf(leader, 1).acquire()] as const;
      const refused = waiting[0].catch(codeOf);
      await app.close();

      expect(await refused).toBe('NOT_RUNNING');
      expect([permit.isHeld(), permit.signal.aborted]).toEqual([false, true]);
      expect((await waiting[1]).isHeld()).toBe(true);
      await expect(semaphoreOf(app, 1).tryAcquire()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    });
  });
});

async function deleteSessionOf({ store }: Group, { hedge }: App): Promise<void> {
  const range = keysBeginningWith('hedge/group/session/');
  const rows = await vi.waitFor(() => store.rows({ range }, CALL), SOON);
  const mutations = rows
    .filter(({ writer }) => writer?.endsWith(` ${hedge.id}`))
    .map(({ name }): Mutation => ({ table: 'lock', op: 'delete', name }));
  expect(mutations).toHaveLength(1);
  await vi.waitFor(() => store.commit(mutations, CALL), SOON);
}
