import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../src/errors/index.js';
import { OnLeaderMessage, type HedgeError, type Lock } from '../../src/index.js';
import type { StoreCall, TransactionResult } from '../../src/store/index.js';
import { FaultyStore, type StoreMethod } from '../support/stores/faulty.store.js';
import { LEASE, onEveryStore, SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';

/** ms between one waiter and the next */
const SPACED = 100;

@Injectable()
class Echo {
  @OnLeaderMessage('echo')
  echo() {
    return 'echo';
  }
}

/** Those who want one lock, and the order in which they had it. */
class Queue {
  readonly order: number[] = [];
  readonly served: Promise<void>[] = [];

  /** Resolves once the leader, if there is one, knows of it: requests of a member arrive in order. */
  async join({ hedge, locks }: App, isLed = true): Promise<void> {
    const number = this.served.length;
    this.served.push(locks.using('job', async () => void this.order.push(number)));
    // The line is asked before anything that begins in a later turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    if (isLed) await hedge.send('echo', number, SOON);
  }

  /** So many, of these members in turns. */
  async joinAll(apps: readonly App[], count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.join(apps[i % apps.length]);
  }

  async isServed(count: number): Promise<void> {
    await Promise.all(this.served);
    expect(this.order).toEqual(Array.from({ length: count }, (_, i) => i));
  }
}

/** One more member, and what it asks of the store. */
class Watched {
  readonly calls: StoreMethod[] = [];
  isAway = false;

  private constructor(
    readonly app: App,
    store: FaultyStore,
  ) {
    store.fault = (method) => {
      this.calls.push(method);
      return this.isAway ? 'unavailable' : undefined;
    };
  }

  static async start(group: ReturnType<typeof useGroup>): Promise<Watched> {
    const store = new FaultyStore(group().store);
    const app = await group().start({ store, candidate: false }, [Echo]);
    await app.hedge.ready(SOON);
    return new Watched(app, store);
  }

  /** Forgets those so far. */
  asked(): StoreMethod[] {
    return this.calls.splice(0);
  }
}

/** Acquires find out late that nobody waits for them any more: other calls come first. */
class BusyStore extends FaultyStore {
  isAsked = false;

  override async transact<T>(
    _query: unknown,
    _decide: unknown,
    { signal }: StoreCall,
  ): Promise<TransactionResult<T>> {
    this.isAsked = true;
    await new Promise((resolve) => signal!.addEventListener('abort', resolve));
    await delay(20);
    throw new StoreError('given-up', 'Given up by the test');
  }
}

describe('the line for a lock', () => {
  onEveryStore((group) => {
    it('is served in the order of arrival, whatever members it is made of', async () => {
      const apps = await group().startMany(3, {}, [Echo]);
      const lock = await apps[1].locks.acquire('job');
      const queue = new Queue();
      await queue.joinAll(apps, 10);

      await lock.release();

      await queue.isServed(10);
      expect(logs.at('error')).toEqual([]);
    });
  });

  describe('as its members see it', () => {
    const group = useGroup();

    it('asks the store once in a lease while it waits, and to take what was given back', async () => {
      const [holder] = await group().startMany(1, {}, [Echo]);
      const watched = await Watched.start(group);
      const lock = await holder.locks.acquire('job');
      const queue = new Queue();
      watched.asked();
      const from = performance.now();
      await queue.joinAll([watched.app], 5);
      await vi.waitFor(() => expect(performance.now() - from).toBeGreaterThan(3 * LEASE), SOON);
      const leases = (performance.now() - from) / LEASE;
      const whileHeld = watched.asked();
      expect(whileHeld[0]).toBe('transact');
      expect(whileHeld.length).toBeLessThanOrEqual(1 + leases);

      const next = watched.app.locks.acquire('job');
      await lock.release();
      await next;

      // One acquire and one release for each of the five, and an acquire for the last.
      const handedOver = watched.asked();
      expect(handedOver.filter((method) => method === 'transact')).toHaveLength(6);
      expect(handedOver.filter((method) => method === 'rows')).toHaveLength(0);
      await queue.isServed(5);
    });

    it('goes on without those that give up', async () => {
      const apps = await group().startMany(2, {}, [Echo]);
      const lock = await apps[0].locks.acquire('job');
      const giveUp = new AbortController();
      const given = apps[1].locks.acquire('job', { signal: giveUp.signal });
      const late = apps[1].locks.acquire('job', { timeout: 300 });
      const queue = new Queue();
      await queue.joinAll(apps, 2);
      giveUp.abort();
      await expect(given).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });

      const from = performance.now();
      await lock.release();
      await queue.isServed(2);
      // Sooner than any turn lapses.
      expect(performance.now() - from).toBeLessThan(LEASE);
    });

    it.each<[string, (leader: App) => Promise<void>]>([
      ['steps down', ({ hedge }) => hedge.stepDown()],
      ['is closed', (leader) => leader.close()],
    ])('keeps its order when the leader %s', async (_, mishap) => {
      await group().startMany(4, {}, [Echo]);
      const { leader, followers } = await group().settled();
      const lock = await followers[0].locks.acquire('job');
      const queue = new Queue();
      for (let i = 0; i < 6; i++) {
        await queue.join(followers[i % 3]);
        // What the next leader goes by is how long each has waited, and it takes a connection to tell.
        await delay(SPACED);
      }

      const { id } = leader.hedge;
      await mishap(leader);
      await vi.waitFor(async () => {
        expect(await followers[0].hedge.leader()).not.toBe(id);
      }, SOON);
      await group().settled();
      await queue.joinAll(followers, 1);
      await lock.release();

      await queue.isServed(7);
    });

    it('does without a leader', async () => {
      const options = { candidate: false };
      const apps = [await group().start(options), await group().start(options)];
      const lock = await apps[0].locks.acquire('job');
      const queue = new Queue();
      for (let i = 0; i < 4; i++) await queue.join(apps[i % 2], false);
      await lock.release();

      await Promise.all(queue.served);
      expect(new Set(queue.order)).toEqual(new Set([0, 1, 2, 3]));
    });

    it('goes on when the store is back', async () => {
      const [holder] = await group().startMany(1, {}, [Echo]);
      const watched = await Watched.start(group);
      const lock = await holder.locks.acquire('job');
      const queue = new Queue();
      await queue.joinAll([watched.app], 3);
      watched.isAway = true;
      await lock.release();
      watched.asked();
      await vi.waitFor(() => expect(watched.calls.length).toBeGreaterThan(5), SOON);
      expect(queue.order).toEqual([]);
      watched.isAway = false;

      await Promise.all(queue.served);
      expect(new Set(queue.order)).toEqual(new Set([0, 1, 2]));
    });

    it('hands over what a member held that closes', async () => {
      const [holder, other] = await group().startMany(2, { leaseDuration: 20_000 }, [Echo]);
      const lock: Lock = await other.locks.acquire('job');
      const queue = new Queue();
      await queue.join(holder);
      const from = performance.now();
      await other.close();

      await queue.isServed(1);
      expect(lock.isHeld()).toBe(false);
      expect(performance.now() - from).toBeLessThan(5_000);
    });

    it('goes on without a member that closes when its turn has come', async () => {
      const options = { leaseDuration: 20_000 };
      const [leader] = await group().startMany(1, options, [Echo]);
      const store = new BusyStore(group().store);
      const closing = await group().start({ ...options, store, candidate: false });
      await closing.hedge.ready(SOON);
      const refused = closing.locks.acquire('job').catch(({ code }: HedgeError) => code);
      await vi.waitFor(() => expect(store.isAsked).toBe(true), SOON);
      const queue = new Queue();
      await queue.join(leader);
      const from = performance.now();
      await closing.close();

      expect(await refused).toBe('NOT_RUNNING');
      await queue.isServed(1);
      // A turn lapses after 5 s.
      expect(performance.now() - from).toBeLessThan(3_000);
    });
  });
});
