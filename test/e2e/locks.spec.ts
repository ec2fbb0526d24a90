import { once } from 'node:events';
import { get } from 'node:http';
import { Controller, Get, Injectable, type OnModuleInit } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { LockService, type HedgeError } from '../../src/index.js';
import { CLOSING_TAKES_NO_LOCKS } from '../../src/member/member.messages.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import { onEveryStore, SOON, useGroup, type Group } from '../support/apps/hedge.apps.js';
import { freePort } from '../support/network/free.ports.js';
import { logs } from '../support/apps/recorded.logs.js';

/** How many names are used up: `LOCK_NAMES=200000` shows it for real. */
const NAMES = Number(process.env['LOCK_NAMES'] ?? 300);

/** Answers once it has the lock. */
@Controller()
class Waiting {
  constructor(private readonly locks: LockService) {}

  @Get('wait')
  wait() {
    return this.locks.acquire('job', WITHIN);
  }
}

const WITHIN = { timeout: 20_000 };

async function rowsOf({ store }: Group, prefix = 'hedge/group/lock/'): Promise<string[]> {
  const range = { from: prefix, to: `${prefix}\uffff` };
  return (await store.rows({ range }, SOON)).map(({ name }) => name);
}

onEveryStore((group) => {
  it('are held by one at a time, with rising tokens, and leave no rows', async () => {
    const apps = await group().startMany(3);
    const tokens: bigint[] = [];
    let holders = 0;
    await Promise.all(
      [...apps, ...apps].map(({ locks }) =>
        locks.using(
          'job',
          async (lock) => {
            expect(++holders).toBe(1);
            expect(lock.isHeld() && locks.hasLock('job')).toBe(true);
            expect(locks.current).toBe(lock);
            expect(await locks.verifyLock('job')).toBe(true);
            tokens.push(lock.token);
            holders--;
          },
          WITHIN,
        ),
      ),
    );

    expect(tokens).toHaveLength(6);
    expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)));
    expect(await rowsOf(group())).toEqual([]);
    expect(logs.at('error')).toEqual([]);
  });

  it('cost two commits where nobody else wants them', async () => {
    const { store, commits, transactions } = counted(group());
    const { locks } = await group().start({ store, candidate: false });
    const lock = await locks.acquire('job');
    await lock.release();

    expect([transactions(), commits()]).toEqual([1, 1]);
    await locks.using('job', async () => undefined);
    expect([transactions(), commits()]).toEqual([2, 2]);
    expect(await rowsOf(group(), 'hedge/group/')).toEqual([]);
  });

  it('are tried without waiting', async () => {
    const [one, other] = await group().startMany(2);
    const lock = await one.locks.acquire('job');

    expect(await other.locks.tryAcquire('job')).toBeUndefined();
    expect(await one.locks.tryAcquire('job')).toBeUndefined();
    await lock.release();
    const next = await other.locks.tryAcquire('job');
    expect(next?.token).toBeGreaterThan(lock.token);
  });

  it('are given back when their member closes', async () => {
    const [leader, follower] = await group().startMany(2);
    const held = await Promise.all(
      ['a', 'b', 'c'].map((name) => follower.locks.acquire(name, WITHIN)),
    );
    await follower.close();

    expect(held.map((lock) => lock.isHeld())).toEqual([false, false, false]);
    expect(held[0].signal.reason).toMatchObject({ reason: 'shutdown' });
    for (const name of ['a', 'b', 'c']) {
      expect(await leader.locks.tryAcquire(name)).toBeDefined();
    }
    expect(logs.at('warn').filter((line) => line.includes('lost'))).toEqual([]);
  });

  it('are lost before somebody else has them, when the store is out of reach', async () => {
    const [leader] = await group().startMany(1);
    const store = new FaultyStore(group().store);
    const cutOff = await group().start({ store, candidate: false });
    const names = ['job', 'job_', 'job1', 'jo'];
    const held = await Promise.all(names.map((name) => cutOff.locks.acquire(name, WITHIN)));
    const bystander = await leader.locks.acquire('job0');
    let abortedAt = Infinity;
    held[0].signal.addEventListener('abort', () => (abortedAt = performance.now()));
    store.fault = () => 'unavailable';
    const taken = await leader.locks.acquire('job', WITHIN);

    expect(performance.now()).toBeGreaterThan(abortedAt);
    expect(held.map((lock) => lock.isHeld())).toEqual(names.map(() => false));
    expect(taken.token).toBeGreaterThan(held[0].token);
    // The others died with the same session; whoever took one of them cleaned up nothing of the others' or its own.
    for (const name of names.slice(1)) expect(await leader.locks.tryAcquire(name)).toBeDefined();
    expect(bystander.isHeld() && (await leader.locks.verifyLock('job0'))).toBe(true);
    expect(await leader.locks.verifyLock('job')).toBe(true);
    const losses = logs.at('warn').filter((line) => line.includes('This member lost'));
    expect(losses).toEqual([expect.stringMatching(/lost 4 locks and permits \(the lock '/)]);
  });
});

describe('a member', () => {
  const group = useGroup();

  it(`leaves nothing of ${NAMES} names`, { timeout: 600_000 }, async () => {
    const { locks } = await group().start();
    for (let n = 0; n < NAMES; n++) await locks.using(`order-${n}`, async () => undefined);

    expect(await rowsOf(group())).toEqual([]);
  });

  it('has no locks before it runs, nor after', async () => {
    @Injectable()
    class Early implements OnModuleInit {
      error: unknown;

      constructor(private readonly locks: LockService) {}

      async onModuleInit(): Promise<void> {
        this.error = await this.locks.acquire('job').catch((error: unknown) => error);
      }
    }
    const app = await group().start({}, [Early]);
    expect(app.get(Early).error).toMatchObject({ code: 'NOT_RUNNING' });
    await app.close();

    await expect(app.locks.acquire('job')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await expect(app.locks.using('job', async () => 1)).rejects.toMatchObject({
      code: 'NOT_RUNNING',
    });
    expect(app.locks.hasLock('job')).toBe(false);
  });

  it('refuses who waits when it closes, and lets finish what runs', async () => {
    const app = await group().start({ drainTimeout: 5_000 });
    const { locks } = app;
    const gate = new AbortController();
    const running = locks.using('job', async (lock) => {
      await once(gate.signal, 'abort');
      return lock.isHeld();
    });
    await vi.waitFor(() => expect(locks.hasLock('job')).toBe(true), SOON);
    const waiting = locks.acquire('job', WITHIN).catch((error: HedgeError) => error.code);
    const closing = app.close();
    expect(await waiting).toBe('NOT_RUNNING');
    expect(locks.hasLock('job')).toBe(true);
    gate.abort();

    expect(await running).toBe(true);
    await closing;
    expect(await rowsOf(group())).toEqual([]);
  });

  it('waits for what runs no longer than drainTimeout, then takes its lock away', async () => {
    const app = await group().start({ drainTimeout: 300 });
    const { locks } = app;
    const running = locks.using('job', async ({ signal }) => {
      await once(signal, 'abort');
      throw signal.reason;
    });
    const outcome = expect(running).rejects.toMatchObject({ reason: 'shutdown' });
    await vi.waitFor(() => expect(locks.hasLock('job')).toBe(true), SOON);
    await app.close();

    await outcome;
    expect(await rowsOf(group())).toEqual([]);
  });

  it('does not let a request that waits for a lock keep the app from closing', async () => {
    const holder = await group().start();
    await holder.locks.acquire('job');
    const port = await freePort();
    const app = await group().startHttp(port, { drainTimeout: 300 }, { controllers: [Waiting] });
    const { locks } = app;
    const acquire = vi.spyOn(locks, 'acquire');
    // Without an agent: its connection closes with the response.
    const response = once(get({ port, path: '/wait', agent: false }), 'response');
    await vi.waitFor(() => expect(acquire).toHaveBeenCalled(), SOON);
    const begun = performance.now();
    await app.close();

    expect(performance.now() - begun).toBeLessThan(3_000);
    expect((await response)[0].statusCode).toBe(503);
    const answer = await acquire.mock.results[0].value.catch((error: unknown) => error);
    expect(answer).toMatchObject({ code: 'NOT_RUNNING', message: CLOSING_TAKES_NO_LOCKS });
  });

  it('closes in time when the store is out of reach and much is held', async () => {
    const store = new FaultyStore(group().store);
    const app = await group().start({ store, leaseDuration: 60_000, drainTimeout: 200 });
    await Promise.all(Array.from({ length: 50 }, (_, n) => app.locks.acquire(`l${n}`)));
    store.fault = () => 'silent';
    const begun = performance.now();
    await app.close();

    expect(performance.now() - begun).toBeLessThan(8_000);
  });

  it('gives up an acquire at once when its signal says so, whatever the store does', async () => {
    const store = new FaultyStore(group().store);
    const app = await group().start({ store, candidate: false });
    const asked = vi.spyOn(store, 'transact');
    store.fault = (method) => (method === 'transact' ? 'silent' : undefined);
    const giveUp = new AbortController();
    const waiting = app.locks
      .acquire('job', { ...WITHIN, signal: giveUp.signal })
      .catch((error: HedgeError) => error.code);
    // Where nobody leads it waits for a while before it asks: it is to be given up while the store is silent.
    await vi.waitFor(() => expect(asked).toHaveBeenCalled(), SOON);
    const given = performance.now();
    giveUp.abort();

    expect(await waiting).toBe('ABORTED');
    expect(performance.now() - given).toBeLessThan(500);
  });

  it('gives back an acquire whose answer came after its signal', async () => {
    const store = new FaultyStore(group().store);
    const app = await group().start({ store, candidate: false });
    store.fault = (method) => (method === 'transact' ? 'reply-lost' : undefined);
    const giveUp = new AbortController();
    const waiting = app.locks
      .acquire('job', { ...WITHIN, signal: giveUp.signal })
      .catch((error: HedgeError) => error.code);
    giveUp.abort();
    expect(await waiting).toBe('ABORTED');
    store.fault = () => undefined;

    await vi.waitFor(async () => expect(await rowsOf(group(), 'hedge/group/')).toEqual([]), SOON);
  });
});

/** The group's store, and how often it is written to through this. */
function counted({ store: inner }: Group) {
  const store = new FaultyStore(inner);
  let transactions = 0;
  store.fault = (method) => {
    if (method === 'transact') transactions++;
    return undefined;
  };
  return { store, commits: () => store.commits.length, transactions: () => transactions };
}
