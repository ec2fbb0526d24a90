import { Controller, Get, type Type } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { describe, expect, it, vi } from 'vitest';
import { MemberLifecycle } from '../../src/member/index.js';
import type { HedgeModuleOptions } from '../../src/index.js';
import { HedgeHealthIndicator } from '../../src/terminus/index.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { freePort } from '../support/network/free.ports.js';
import { SlowToLeave } from '../support/apps/slow-to-leave.js';

const group = useGroup();

@Controller()
class Health {
  constructor(
    private readonly health: HealthCheckService,
    private readonly hedge: HedgeHealthIndicator,
  ) {}

  @Get('live')
  live() {
    return this.health.check([() => this.hedge.isLive('hedge')]);
  }

  @Get('ready')
  ready() {
    return this.health.check([() => this.hedge.isReady('hedge', { timeout: 500 })]);
  }

  @Get('ready-alone')
  readyAlone() {
    const options = { requireLeader: false, requireStore: false };
    return this.health.check([() => this.hedge.isReady('hedge', options)]);
  }
}

interface HttpApp extends App {
  readonly url: string;
}

async function startHttp(
  options: HedgeModuleOptions = {},
  providers: Type[] = [],
): Promise<HttpApp> {
  const port = await freePort();
  const app = await group().startHttp(port, options, {
    imports: [TerminusModule],
    providers: [HedgeHealthIndicator, ...providers],
    controllers: [Health],
  });
  return Object.assign(app, { url: `http://127.0.0.1:${port}` });
}

/** The status of the response, and what it says of the member. */
async function probe({ url }: HttpApp, path: string): Promise<[number, Record<string, unknown>]> {
  const response = await fetch(`${url}/${path}`);
  const body = (await response.json()) as { details: { hedge: Record<string, unknown> } };
  return [response.status, body.details.hedge];
}

/** Waits until both probes say this. */
async function probesSay(app: HttpApp, live: number, ready: number): Promise<void> {
  await vi.waitFor(async () => {
    const statuses = [(await probe(app, 'live'))[0], (await probe(app, 'ready'))[0]];
    expect(statuses).toEqual([live, ready]);
  }, SOON);
}

describe('the health of a member', () => {
  it('is good where it leads and where it follows, and tells how it stands', async () => {
    const leader = await startHttp();
    await leader.hedge.ready(SOON);
    const follower = await startHttp();
    await follower.hedge.ready(SOON);
    await vi.waitFor(() => expect(leader.hedge.members()).toHaveLength(2), SOON);
    await vi.waitFor(() => expect(follower.hedge.members()).toHaveLength(2), SOON);

    const shared = { status: 'up', leader: leader.hedge.id, members: 2 };
    const ofLeader = { ...shared, id: leader.hedge.id, role: 'leader' };
    const ofFollower = { ...shared, id: follower.hedge.id, role: 'follower' };
    const leaderLease = expect.any(Number);
    for (const [app, expected] of [
      [leader, ofLeader],
      [follower, ofFollower],
    ] as const) {
      expect(await probe(app, 'live')).toEqual([200, { ...expected, leaderLease }]);
      const ready = await probe(app, 'ready');
      expect(ready).toEqual([200, { ...expected, leaderLease, store: 'up' }]);
      expect(ready[1]['leaderLease']).toBeGreaterThan(0);
      expect(ready[1]['leaderLease']).toBeLessThanOrEqual(1_300);
    }
  });

  it('has a member wait without requests while the store is away, and not be restarted', async () => {
    const store = new FaultyStore(group().store);
    const app = await startHttp({ store });
    await app.hedge.ready(SOON);
    await probesSay(app, 200, 200);

    store.fault = () => 'unavailable';

    await vi.waitFor(() => expect(app.hedge.isLeader()).toBe(false), SOON);
    await probesSay(app, 200, 503);
    expect((await probe(app, 'ready'))[1]).toMatchObject({
      status: 'down',
      role: 'follower',
      store: 'down',
      message: expect.any(String),
    });
    expect((await probe(app, 'ready-alone'))[0]).toBe(200);
    store.fault = () => undefined;
    await probesSay(app, 200, 200);
  });

  it('does not wait longer than told for a store that hangs', async () => {
    const store = new FaultyStore(group().store);
    const app = await startHttp({ store, leaseDuration: 20_000 });
    await app.hedge.ready(SOON);
    store.fault = (method) => (method === 'rows' ? 'silent' : undefined);
    const began = performance.now();

    const [status, details] = await probe(app, 'ready');

    expect([status, details['store'], details['role']]).toEqual([503, 'down', 'leader']);
    expect(performance.now() - began).toBeLessThan(5_000);
    store.fault = () => undefined;
  });

  it('says that nobody leads, and is good enough for an app that does not mind', async () => {
    const app = await startHttp({ candidate: false });

    const [status, details] = await probe(app, 'ready');

    expect(status).toBe(503);
    expect(details).toEqual({
      status: 'down',
      id: app.hedge.id,
      role: 'follower',
      members: 1,
      store: 'up',
      message: expect.stringContaining('knows no leader'),
    });
    expect((await probe(app, 'live'))[0]).toBe(200);
    const [alone, { store }] = await probe(app, 'ready-alone');
    expect([alone, store]).toEqual([200, undefined]);
  });

  it('refuses a timeout that is none', async () => {
    const app = await startHttp();
    const health = app.get(HedgeHealthIndicator);
    for (const timeout of [0, Infinity]) {
      const refused = expect(health.isReady('hedge', { timeout })).rejects;
      await refused.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});

describe('the health of a member that shuts down', () => {
  it('gets no requests while it lets what runs end, and is not killed meanwhile', async () => {
    const app = await startHttp({ drainTimeout: 20_000 }, [SlowToLeave]);
    await app.hedge.ready(SOON);

    const closing = app.close();
    await probesSay(app, 200, 503);
    const [, details] = await probe(app, 'ready');
    const alone = await probe(app, 'ready-alone');
    app.get(SlowToLeave).ended.abort();
    await closing;

    expect(details).toMatchObject({
      status: 'down',
      message: expect.stringContaining('is shutting down'),
    });
    expect(alone[0]).toBe(503);
  });

  it('is bad once it is closed: that is what a restart would mend', async () => {
    const app = await startHttp();
    await app.hedge.ready(SOON);

    await app.get(MemberLifecycle).close();

    const down = { status: 'down', message: expect.stringContaining('has shut down') };
    expect(await probe(app, 'live')).toEqual([503, down]);
    expect(await probe(app, 'ready')).toEqual([503, down]);
  });
});
