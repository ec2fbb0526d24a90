import { Injectable } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { describe, expect, it, vi } from 'vitest';
import {
  HedgeService,
  LockService,
  OnLeaderMessage,
  type Lock,
  type LogReceipt,
} from '../../src/index.js';
import { keysBeginningWith, type Mutation } from '../../src/store/index.js';
import { HeldUpStore } from './put-lock.store.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import { onEveryStore, SOON, useGroup, type App } from '../support/apps/hedge.apps.js';

const CALL = { timeout: 10_000 };
const PASSIVE = { candidate: false };

async function valuesOf({ hedge }: App, key = 'key'): Promise<string[]> {
  const entries = await hedge.history(key, { order: 'oldest', ...SOON });
  return entries.map(({ value }) => value);
}

function hasEntry(commit: readonly Mutation[]): boolean {
  return commit.some(({ table }) => table === 'log');
}

/** The code of each, or that it was written. */
async function outcomesOf(puts: Promise<LogReceipt>[]): Promise<string[]> {
  const results = await Promise.allSettled(puts);
  return results.map((result) => (result.status === 'fulfilled' ? 'written' : result.reason.code));
}

@Injectable()
class Clerk {
  constructor(
    private readonly hedge: HedgeService,
    private readonly locks: LockService,
  ) {}

  /** Puts under a lock and its own term; with a step down, or a release, before that. */
  @OnLeaderMessage('put')
  async put(@Payload() before?: 'stepDown' | 'release') {
    const lock = await this.locks.acquire('desk', SOON);
    try {
      if (before === 'stepDown') await this.hedge.stepDown();
      if (before === 'release') await lock.release();
      return await this.hedge.put('key', `after ${before}`, { lock }).catch(({ code }) => code);
    } finally {
      await lock.release();
    }
  }
}

describe('put under a lock', () => {
  onEveryStore((group) => {
    it('is written by the holder itself, whoever leads', async () => {
      const [, follower, reader] = await group().startMany(3);
      const lock = await follower.locks.acquire('x', SOON);

      const { id, timestamp } = await follower.hedge.put('key', 'value', { lock });

      expect(await reader.hedge.get('key')).toEqual({
        id,
        key: 'key',
        value: 'value',
        leader: follower.hedge.id,
        timestamp,
      });
    });

    it('needs no leader', async () => {
      const app = await group().start(PASSIVE);
      const lock = await app.locks.acquire('x', SOON);

      await app.hedge.put('key', 'value', { lock });

      expect(await valuesOf(app)).toEqual(['value']);
    });

    it('is refused after the release, and lands before it or not at all', async () => {
      const app = await group().start(PASSIVE);
      const allowed: string[] = [];
      for (let round = 0; round < 5; round++) {
        const lock = await app.locks.acquire('x', SOON);
        const puts = outcomesOf(
          ['a', 'b', 'c'].map((name) => app.hedge.put('key', `${round}${name}`, { lock })),
        );
        // So that the release meets them at different moments.
        for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
        await lock.release();
        const landed = await valuesOf(app);
        const late = outcomesOf([app.hedge.put('key', `${round} late`, { lock })]);

        const outcomes = [...(await puts), ...(await late)];
        for (const [index, name] of ['a', 'b', 'c'].entries()) {
          const value = `${round}${name}`;
          expect(outcomes[index]).toBe(landed.includes(value) ? 'written' : 'LOCK_LOST');
        }
        expect(outcomes.at(-1)).toBe('LOCK_LOST');
        allowed.splice(0, allowed.length, ...landed);
      }
      expect(await valuesOf(app)).toEqual(allowed);
    });

    it('is not written once the fence of its lock is gone, whatever the holder believes', async () => {
      const app = await group().start(PASSIVE);
      const lock = await app.locks.acquire('x', SOON);
      const other = await app.locks.acquire('y', SOON);
      const range = keysBeginningWith('hedge/group/lock/x#');
      const [fence] = await group().store.rows({ range }, CALL);
      const deletion = { table: 'lock', op: 'delete', name: fence.name } as const;
      await vi.waitFor(() => group().store.commit([deletion], CALL), SOON);

      await expect(app.hedge.put('key', 'late', { lock })).rejects.toMatchObject({
        code: 'LOCK_LOST',
        status: 409,
        message: expect.stringContaining("The lock 'x' is not held any more"),
      });

      expect(lock.signal.aborted).toBe(true);
      await app.hedge.put('key', 'under the other', { lock: other });
      expect(await valuesOf(app)).toEqual(['under the other']);
    });

    it('does not land when it comes after the next holder', async () => {
      const store = new HeldUpStore(group().store);
      const paused = await group().start({ ...PASSIVE, store });
      const other = await group().start(PASSIVE);
      const lock = await paused.locks.acquire('x', SOON);
      // It has left, and takes longer than the session has; so do all renewals.
      store.holdUp();
      const put = outcomesOf([paused.hedge.put('key', 'late', { lock })]);

      await vi.waitFor(() => expect(store.onTheirWay.some(hasEntry)).toBe(true), SOON);

      const next = await other.locks.acquire('x', SOON);
      await other.hedge.put('key', 'next', { lock: next });
      await store.release();

      expect(await put).toEqual(['LOCK_LOST']);
      expect(next.token).toBeGreaterThan(lock.token);
      expect(lock.isHeld()).toBe(false);
      expect(await outcomesOf([paused.hedge.put('key', 'again', { lock })])).toEqual(['LOCK_LOST']);
      expect(await valuesOf(other)).toEqual(['next']);
    });
  });

  describe('in all its variants', () => {
    const group = useGroup();

    it('is written exactly once, whatever becomes of its commits', async () => {
      const store = new FaultyStore(group().store);
      const app = await group().start({ ...PASSIVE, store });
      const lock = await app.locks.acquire('x', SOON);
      let calls = 0;
      store.fault = (method) => {
        if (method !== 'commit') return undefined;
        return ([undefined, 'aborted', 'reply-lost', 'unavailable'] as const)[calls++ % 4];
      };
      const values = Array.from({ length: 40 }, (_, i) => `${i}`);

      for (const value of values) await app.hedge.put('key', value, { lock });

      expect(await valuesOf(app)).toEqual(values);
      expect(calls).toBeGreaterThan(50);
      expect(lock.isHeld()).toBe(true);
    });

    it('shares a commit with others that wait', async () => {
      const store = new FaultyStore(group().store);
      const app = await group().start({ ...PASSIVE, store });
      const lock = await app.locks.acquire('x', SOON);

      await Promise.all(
        Array.from({ length: 200 }, (_, i) => app.hedge.put('key', `${i}`, { lock })),
      );

      const withEntries = store.commits.filter(hasEntry);
      expect(withEntries.length).toBeLessThan(5);
      expect(await valuesOf(app)).toHaveLength(200);
    });

    it('in a leader handler is bound to its term as well', async () => {
      const [leader] = await group().startMany(1, {}, [Clerk]);

      expect(await leader.hedge.send('put', 'release')).toBe('LOCK_LOST');
      expect(await leader.hedge.send('put', 'stepDown')).toBe('NOT_LEADER');
      expect(await leader.hedge.send('put', null)).toMatchObject({ key: 'key' });

      expect(await valuesOf(leader)).toEqual(['after null']);
    });

    it('is bound to the term it is given as well', async () => {
      const [leader] = await group().startMany(1);
      const term = leader.hedge.leadership!;
      const lock = await leader.locks.acquire('x', SOON);

      await leader.hedge.put('key', 'in time', { lock, term });
      await leader.hedge.stepDown();
      await expect(leader.hedge.put('key', 'late', { lock, term })).rejects.toMatchObject({
        code: 'NOT_LEADER',
      });
      await leader.hedge.put('key', 'under the lock', { lock });

      expect(await valuesOf(leader)).toEqual(['in time', 'under the lock']);
    });

    it('refuses what is no lock of this member, rather than put without one', async () => {
      const [one, other] = await group().startMany(2);
      const lock = await one.locks.acquire('x', SOON);
      const { name, token, signal } = lock;
      const none = await other.locks.tryAcquire('x');

      for (const wrong of [none, null, 'x', { name, token, signal }]) {
        const put = one.hedge.put('key', 'value', { lock: wrong as Lock | undefined });
        await expect(put).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining('`lock`'),
        });
      }
      await expect(other.hedge.put('key', 'value', { lock })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      expect(await valuesOf(one)).toEqual([]);
    });

    it('takes no other keys, sizes and timeouts than any put', async () => {
      const [app] = await group().startMany(1, { requestTimeout: 2_000 });
      const lock = await app.locks.acquire('x', SOON);
      const put = (key: string, value: string, timeout?: number) =>
        outcomesOf([app.hedge.put(key, value, { lock, timeout })]);

      expect(await put('__hedge/x', 'value')).toEqual(['INVALID_ARGUMENT']);
      expect(await put('', 'value')).toEqual(['INVALID_ARGUMENT']);
      expect(await put('x'.repeat(4_097), 'value')).toEqual(['PAYLOAD_TOO_LARGE']);
      expect(await put('key', 'x'.repeat(2_621_441))).toEqual(['PAYLOAD_TOO_LARGE']);
      expect(await put('key', 'value', 4_001)).toEqual(['INVALID_ARGUMENT']);
      expect(await put('key', 'value', 4_000)).toEqual(['written']);
    });

    it('gives up when its signal is aborted already', async () => {
      const [app] = await group().startMany(1);
      const lock = await app.locks.acquire('x', SOON);
      const signal = AbortSignal.abort();

      expect(await outcomesOf([app.hedge.put('key', 'value', { lock, signal })])).toEqual([
        'ABORTED',
      ]);
      expect(await valuesOf(app)).toEqual([]);
    });

    it('ends with the app', async () => {
      const store = new HeldUpStore(group().store);
      const app = await group().start({ ...PASSIVE, store });
      const other = await group().start(PASSIVE);
      const lock = await app.locks.acquire('x', SOON);
      store.holdUp();
      const put = outcomesOf([app.hedge.put('key', 'value', { lock })]);
      await vi.waitFor(() => expect(store.onTheirWay.some(hasEntry)).toBe(true), SOON);

      await app.close();

      // Whether it landed nobody can tell any more: the store has not answered.
      expect(await put).toEqual(['CONNECTION_LOST']);
      expect(await outcomesOf([app.hedge.put('key', 'value', { lock })])).toEqual(['NOT_RUNNING']);
      await store.release();
      expect((await valuesOf(other)).length).toBeLessThanOrEqual(1);
    });
  });
});
