import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeContext, HedgeService, LockService, OnLeaderMessage } from '../../src/index.js';
import { onEveryStore, SOON, startApp, useGroup, type App } from '../support/apps/hedge.apps.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import { isPortFree } from '../support/network/free.ports.js';

/** Every call there is that needs a running member. */
function callsOf(hedge: HedgeService): Record<string, () => unknown> {
  return {
    id: () => hedge.id,
    ready: () => hedge.ready(),
    leader: () => hedge.leader(),
    stepDown: () => hedge.stepDown(),
    put: () => hedge.put('key', 'value'),
    get: () => hedge.get('key'),
    history: () => hedge.history('key'),
    trim: () => hedge.trim('key', { keep: 1 }),
    send: () => hedge.send('echo', 1),
  };
}

async function outcomesOf(hedge: HedgeService): Promise<Record<string, unknown>> {
  const outcomes: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(callsOf(hedge))) {
    try {
      outcomes[name] = await call();
    } catch (error) {
      outcomes[name] = error;
    }
  }
  return outcomes;
}

/** Timers and sockets that keep the process alive. */
function openResources(): number {
  return process.getActiveResourcesInfo().filter((name) => /Timeout|TCP/.test(name)).length;
}

describe('calls', () => {
  const group = useGroup();

  it('end with NOT_RUNNING before the bootstrap, and name the hook', async () => {
    let outcomes: Record<string, unknown> = {};
    let leads: unknown[] = [];
    @Injectable()
    class Early implements OnModuleInit {
      constructor(
        private readonly hedge: HedgeService,
        private readonly locks: LockService,
      ) {}

      async onModuleInit() {
        outcomes = await outcomesOf(this.hedge);
        leads = [
          this.hedge.isLeader(),
          this.hedge.leadership,
          this.locks.hasLock(),
          await this.locks.verifyLock(),
        ];
      }
    }

    await group().start({}, [Early]);

    expect(Object.keys(outcomes)).toHaveLength(9);
    for (const outcome of Object.values(outcomes)) {
      expect(outcome).toMatchObject({
        code: 'NOT_RUNNING',
        status: 503,
        message: expect.stringContaining('onApplicationBootstrap'),
      });
    }
    expect(leads).toEqual([false, undefined, false, false]);
  });

  it('end with NOT_RUNNING after the shutdown', async () => {
    const [app] = await group().startMany(1);
    await app.close();

    for (const outcome of Object.values(await outcomesOf(app.hedge))) {
      expect(outcome).toMatchObject({
        code: 'NOT_RUNNING',
        message: expect.stringContaining('onApplicationShutdown'),
      });
    }
    expect(app.hedge.isLeader()).toBe(false);
    expect(app.hedge.leadership).toBeUndefined();
    expect(app.locks.hasLock()).toBe(false);
    expect(await app.locks.verifyLock()).toBe(false);
  });

  it('that wait for a leader end when the app is closed', async () => {
    const script = await group().start({ candidate: false });
    const { hedge } = script;
    const waiting = [
      hedge.ready(),
      hedge.leader(),
      hedge.send('echo', 1),
      hedge.put('key', 'value'),
    ];
    const ended = Promise.allSettled(waiting);

    await script.close();

    for (const outcome of await ended) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NOT_RUNNING' } });
    }
  });

  it('that wait for the store end when the app is closed', async () => {
    const store = new FaultyStore(group().store);
    const app = await startApp({ store, leaseDuration: 60_000, drainTimeout: 0 });
    await app.hedge.ready();
    store.fault = () => 'unavailable';
    const waiting = [
      app.hedge.put('key', 'value'),
      app.hedge.get('key'),
      app.hedge.history('key'),
      app.hedge.trim('key', { keep: 1 }),
    ];
    const ended = Promise.allSettled(waiting);

    await app.close();

    const closedAt = performance.now();
    for (const outcome of await ended) expect(outcome).toMatchObject({ status: 'rejected' });
    expect(performance.now() - closedAt).toBeLessThan(5_000);
  });
});

describe('a member that is leaving', () => {
  const outcomes: Record<string, unknown>[] = [];
  beforeEach(() => outcomes.splice(0));

  @Injectable()
  class Busy implements OnModuleDestroy, BeforeApplicationShutdown {
    constructor(private readonly hedge: HedgeService) {}

    @OnLeaderMessage('echo')
    echo(data: unknown) {
      return data;
    }

    async onModuleDestroy() {
      await this.#work('destroy');
    }

    async beforeApplicationShutdown() {
      await this.#work('shutdown');
    }

    async #work(value: string) {
      const { hedge } = this;
      outcomes.push({
        put: await hedge.put('key', value, SOON),
        get: (await hedge.get('key'))?.value,
        send: await hedge.send('echo', value, SOON),
        leads: hedge.isLeader(),
      });
    }
  }

  @Injectable()
  class Echo {
    @OnLeaderMessage('echo')
    echo(data: unknown) {
      return data;
    }
  }

  onEveryStore((group) => {
    it.each(['the leader', 'a follower'])(
      'puts, gets and sends until onApplicationShutdown as %s',
      async (who) => {
        const first = await group().start({}, [who === 'the leader' ? Busy : Echo]);
        await first.hedge.ready(SOON);
        const second = await group().start({}, [who === 'the leader' ? Echo : Busy]);
        await second.hedge.ready(SOON);

        await (who === 'the leader' ? first : second).close();

        const done = { put: expect.objectContaining({ key: 'key' }) };
        expect(outcomes).toEqual([
          { ...done, get: 'destroy', send: 'destroy', leads: who === 'the leader' },
          { ...done, get: 'shutdown', send: 'shutdown', leads: false },
        ]);
      },
    );
  });
});

describe('handlers at a shutdown', () => {
  const group = useGroup();
  const trace: unknown[] = [];
  let signal: AbortSignal | undefined;
  let release: ((value: unknown) => void) | undefined;

  @Injectable()
  class Handlers {
    constructor(private readonly hedge: HedgeService) {}

    @OnLeaderMessage('hang')
    async hang(@Payload() note: unknown, @Ctx() context: HedgeContext) {
      trace.push(note);
      signal = context.getSignal();
      const reply = await new Promise((resolve) => (release = resolve));
      if (note === 'put') await this.hedge.put('key', 'by the last handler');
      return reply;
    }

    @OnLeaderMessage('who')
    who() {
      return this.hedge.id;
    }
  }

  beforeEach(() => trace.splice(0));

  async function start(drainTimeout: number): Promise<App[]> {
    return group().startMany(2, { drainTimeout }, [Handlers]);
  }

  it('are let finish, under a term that still holds', async () => {
    const [leader, follower] = await start(20_000);
    const sent = follower.hedge.send('hang', 'put', SOON);
    await vi.waitFor(() => expect(trace).toEqual(['put']), SOON);

    const closed = leader.close();
    const answeredByTheNext = follower.hedge.send('who', 1, { ...SOON, idempotent: true });
    // Longer than the lease: it is renewed while handlers run.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(signal?.aborted).toBe(false);
    expect(leader.hedge.isLeader()).toBe(true);
    release?.('the end');

    expect(await sent).toBe('the end');
    await closed;
    expect(await follower.hedge.get('key')).toMatchObject({ value: 'by the last handler' });
    expect(await answeredByTheNext).toBe(follower.hedge.id);
  });

  it('are aborted after drainTimeout, and their callers told', async () => {
    const [leader, follower] = await start(100);
    const sent = follower.hedge.send('hang', 1, SOON).catch((error: unknown) => error);
    await vi.waitFor(() => expect(trace).toEqual([1]), SOON);

    await leader.close();

    expect(signal?.aborted).toBe(true);
    expect(await sent).toMatchObject({ code: 'CONNECTION_LOST' });
  });
});

describe('closing', () => {
  const group = useGroup();

  it('frees the port and disturbs no other app of the process', async () => {
    const [first, second] = await group().startMany(2);
    const port = Number(first.hedge.id.split(':')[1]);

    await first.close();

    expect(await isPortFree(port)).toBe(true);
    await vi.waitFor(() => expect(second.hedge.isLeader()).toBe(true), SOON);
    await second.hedge.put('key', 'value');
    expect(await second.hedge.get('key')).toMatchObject({ value: 'value' });
  });

  it('twice at once is the same as once', async () => {
    const [app] = await group().startMany(1);

    await Promise.all([app.close(), app.close()]);

    expect(app.hedge.isLeader()).toBe(false);
  });

  it('leaves no timer and no socket behind', async () => {
    const before = openResources();
    const apps = await group().startMany(3);
    await Promise.all(apps.map(({ hedge }) => hedge.put('key', 'value')));
    expect(openResources()).toBeGreaterThan(before);

    await Promise.all(apps.map((app) => app.close()));

    // Only this look at it again and again is a timer still.
    await vi.waitFor(() => expect(openResources()).toBeLessThanOrEqual(before + 2), SOON);
  });

  it('runs the shutdown hooks of the app while the member can still be asked who it is', async () => {
    let id: unknown;
    @Injectable()
    class Last implements OnApplicationShutdown {
      constructor(private readonly hedge: HedgeService) {}

      onApplicationShutdown() {
        id = this.hedge.id;
      }
    }
    const app = await group().start({}, [Last]);
    const expected = app.hedge.id;

    await app.close();

    expect(id).toBe(expected);
  });
});
