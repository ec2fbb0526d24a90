import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeError } from '../../src/index.js';
import { FaultyStore, type Fault, type StoreMethod } from '../support/stores/faulty.store.js';
import { LEASE, SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';

const group = useGroup();
/** One in front of each member's way to the store. */
let stores: FaultyStore[] = [];

beforeEach(() => {
  stores = [];
});

/** How a call may end that the store kept waiting. */
const HARMLESS = ['STORE_UNAVAILABLE', 'TIMEOUT', 'CONNECTION_LOST', 'NO_LEADER'];

async function startMember(): Promise<App> {
  const store = new FaultyStore(group().store);
  stores.push(store);
  const app = await group().start({ store });
  return app;
}

async function startMembers(count: number): Promise<App[]> {
  const apps: App[] = [];
  for (let i = 0; i < count; i++) {
    const app = await startMember();
    await app.hedge.ready(SOON);
    apps.push(app);
  }
  return apps;
}

function fail(fault: (method: StoreMethod) => Fault | undefined): void {
  for (const store of stores) store.fault = fault;
}

function heal(): void {
  fail(() => undefined);
}

function sometimes(share: number, ...faults: Fault[]): (method: StoreMethod) => Fault | undefined {
  return () =>
    Math.random() < share ? faults[Math.floor(Math.random() * faults.length)] : undefined;
}

/** Puts from all members, at once or with a pause (ms) after each; says how each ended. */
async function putMany(
  apps: App[],
  count: number,
  pause = 0,
): Promise<{ value: string; error?: unknown }[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const value = `${i}`;
      await delay(i * pause);
      try {
        await apps[i % apps.length].hedge.put('key', value, { timeout: 20_000 });
        return { value };
      } catch (error) {
        return { value, error };
      }
    }),
  );
}

/** How often each value is in the log, by the store itself. */
async function timesInLog(): Promise<Map<string, number>> {
  const entries = await group().store.entries({ key: 'key', order: 'oldest' }, { timeout: 5_000 });
  const times = new Map<string, number>();
  for (const { value } of entries) times.set(value, (times.get(value) ?? 0) + 1);
  return times;
}

describe.each<Fault>(['unavailable', 'silent'])('a store that is %s for a while', (fault) => {
  it('costs the leader its leadership at its deadline, and nobody else leads', async () => {
    const apps = await startMembers(2);
    const [leader] = apps;
    const { signal, token } = leader.hedge.leadership!;
    const start = performance.now();
    fail(() => fault);

    await vi.waitFor(() => expect(leader.hedge.isLeader()).toBe(false), { ...SOON, interval: 1 });

    // 20 ms: this process may be late to look.
    expect(performance.now() - start).toBeLessThan(LEASE + 20);
    await vi.waitFor(() => expect(signal.aborted).toBe(true), SOON);
    expect(leader.locks.hasLock()).toBe(false);
    expect(leader.events).toContainEqual({ type: 'leadership.lost', reason: 'expired', token });
    expect(apps.some(({ hedge }) => hedge.isLeader())).toBe(false);

    heal();
    const next = await group().settled();
    expect(next.leader.hedge.leadership!.token).toBeGreaterThan(token);
  });

  it('loses and doubles no put', async () => {
    const apps = await startMembers(3);
    const puts = putMany(apps, 60);
    fail(() => fault);
    await vi.waitFor(() => expect(apps.some(({ hedge }) => hedge.isLeader())).toBe(false), SOON);
    heal();

    for (const { error } of await puts) expect(error).toBeUndefined();
    const times = await timesInLog();
    expect(times.size).toBe(60);
    expect(new Set(times.values())).toEqual(new Set([1]));
  });

  it('ends every call by its timeout', async () => {
    const apps = await startMembers(2);
    fail(() => fault);

    for (const { hedge } of apps) {
      const calls = {
        put: hedge.put('key', 'value', { timeout: 300 }),
        get: hedge.get('key', { timeout: 300 }),
        history: hedge.history('key', { timeout: 300 }),
        trim: hedge.trim('key', { keep: 1, timeout: 300 }),
      };
      const names = Object.keys(calls);
      const ended = await Promise.allSettled(Object.values(calls));
      for (const [i, outcome] of ended.entries()) {
        const error: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
        expect(error, names[i]).toBeInstanceOf(HedgeError);
        const { code } = error as HedgeError;
        expect(HARMLESS, names[i]).toContain(code);
      }
    }
    heal();
  });

  it('fails only the member that does not reach it: another leads, never two', async () => {
    const apps = await startMembers(2);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, apps.filter(({ hedge }) => hedge.isLeader()).length);
    }, 1);
    const puts = putMany([apps[1]], 20);
    stores[0].fault = () => fault;

    await vi.waitFor(() => expect(apps[1].hedge.isLeader()).toBe(true), SOON);
    for (const { error } of await puts) expect(error).toBeUndefined();

    clearInterval(watch);
    expect(most).toBe(1);
    const times = await timesInLog();
    expect(times.size).toBe(20);
    expect(new Set(times.values())).toEqual(new Set([1]));
    heal();
  });
});

describe.each<[string, Fault[], number]>([
  ['answers are lost', ['reply-lost'], 0.3],
  ['commits land late', ['late'], 0.2],
  ['commits are aborted', ['aborted'], 0.5],
  ['everything happens', ['reply-lost', 'late', 'aborted', 'unavailable', 'silent'], 0.25],
])('a store whose %s now and then', (_what, faults, share) => {
  it('takes every put exactly once', async () => {
    const apps = await startMembers(3);
    fail(sometimes(share, ...faults));

    const outcomes = await putMany(apps, 100, 10);

    heal();
    // Whatever is late by now has landed when the next term has begun.
    for (const app of apps) await app.close();
    const times = await timesInLog();
    for (const { value, error } of outcomes) {
      // Time enough for all of them: what is lost is settled, and what has landed meets itself.
      expect(error).toBeUndefined();
      expect(times.get(value)).toBe(1);
    }
    expect(times.size).toBe(outcomes.length);
  });

  it('has one leader at a time all the same', async () => {
    const apps = await startMembers(3);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, apps.filter(({ hedge }) => hedge.isLeader()).length);
    }, 1);
    fail(sometimes(share, ...faults));
    const tokens: bigint[] = [];
    for (const { hedge } of apps) {
      hedge.events$.subscribe((event) => {
        if (event.type === 'leadership.gained') tokens.push(event.leadership.token);
      });
    }

    for (let move = 0; move < 2; move++) {
      const leader = await vi.waitFor(() => {
        const found = apps.find(({ hedge }) => hedge.isLeader());
        expect(found).toBeDefined();
        return found!;
      }, SOON);
      await leader.hedge.stepDown();
    }

    heal();
    await group().settled();
    clearInterval(watch);
    expect(most).toBe(1);
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)));
  });
});

describe('a store that is away for a moment', () => {
  it('lets reads succeed all the same', async () => {
    const [leader] = await startMembers(1);
    await leader.hedge.put('key', 'value');
    fail((method) => (method === 'entries' ? 'unavailable' : undefined));
    const get = leader.hedge.get('key', SOON);

    heal();

    expect(await get).toMatchObject({ value: 'value' });
  });
});

describe('a store that is away at the start', () => {
  it('keeps no app from starting: it takes part once the store is back', async () => {
    const store = new FaultyStore(group().store);
    store.fault = () => 'unavailable';
    const app = await group().start({ store });

    await expect(app.hedge.ready({ timeout: 300 })).rejects.toMatchObject({ code: 'NO_LEADER' });
    expect(logs.at('warn').join()).toMatch(
      /is not available\. This member tries again until it is/,
    );
    store.fault = () => undefined;

    await app.hedge.ready(SOON);
    expect(app.hedge.isLeader()).toBe(true);
    expect(logs.at('log').join()).toMatch(/is available/);
  });

  it('keeps no app from closing', async () => {
    const store = new FaultyStore(group().store);
    store.fault = () => 'unavailable';
    const app = await group().start({ store });
    store.fault = () => 'silent';
    const start = performance.now();

    await app.close();

    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('closing while the store is away', () => {
  it.each<Fault>(['unavailable', 'silent'])('(%s) takes a moment, not a lease', async (fault) => {
    const store = new FaultyStore(group().store);
    const app = await group().start({ store, leaseDuration: 60_000 });
    await app.hedge.ready();
    fail(() => fault);
    store.fault = () => fault;
    const puts = putMany([app], 5);
    const start = performance.now();

    await app.close();

    expect(performance.now() - start).toBeLessThan(10_000);
    for (const { error } of await puts) expect(error).toBeInstanceOf(HedgeError);
    store.fault = () => undefined;
  });
});
