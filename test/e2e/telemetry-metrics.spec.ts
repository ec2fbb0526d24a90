import { Injectable } from '@nestjs/common';
import { hasSubscribers, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  HedgeService,
  OnBroadcast,
  OnLeaderMessage,
  type HedgeChannelName,
  type HedgeModuleOptions,
  type HedgeReport,
} from '../../src/index.js';
import {
  HedgeOpenTelemetryModule,
  type HedgeOpenTelemetryOptions,
} from '../../src/opentelemetry/index.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { freePort } from '../support/network/free.ports.js';
import { TelemetrySdk, type Series } from '../support/apps/telemetry.sdk.js';

const CHANNELS: HedgeChannelName[] = [
  'nestjs-hedge:leadership.gained',
  'nestjs-hedge:leadership.lost',
  'nestjs-hedge:session.renewal',
  'nestjs-hedge:log.commit',
  'nestjs-hedge:message.sent',
  'nestjs-hedge:message.handled',
  'nestjs-hedge:lock.acquire',
];

const group = useGroup();
let sdk: TelemetrySdk;

beforeEach(() => {
  sdk = new TelemetrySdk();
});
afterEach(() => sdk.end());

@Injectable()
class Orders {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('order.place')
  place() {
    return this.hedge.put('order', '7');
  }

  @OnLeaderMessage('order.fail')
  async fail() {
    throw new TypeError('boom');
  }

  @OnBroadcast('order.drop')
  drop() {
    return 1;
  }
}

async function start(
  options: HedgeModuleOptions = {},
  telemetry: HedgeOpenTelemetryOptions = {},
): Promise<App> {
  const imports = [HedgeOpenTelemetryModule.forRoot(telemetry)];
  const app = await group().startHttp(await freePort(), options, { imports, providers: [Orders] });
  await app.hedge.ready(SOON);
  return app;
}

async function startTwo(telemetry: HedgeOpenTelemetryOptions = {}) {
  const leader = await start({}, telemetry);
  const follower = await start({}, telemetry);
  await vi.waitFor(() => {
    for (const { hedge } of [leader, follower]) expect(hedge.members()).toHaveLength(2);
  }, SOON);
  return { leader, follower };
}

/** What is told of this member, and says this besides. */
async function seriesOf(
  app: App | string,
  name: string,
  attributes: Record<string, unknown> = {},
): Promise<Series[]> {
  const id = typeof app === 'string' ? app : app.hedge.id;
  const wanted = { 'hedge.group': 'group', 'hedge.member.id': id, ...attributes };
  const all = await sdk.series(name);
  return all.filter(({ attributes: has }) =>
    Object.entries(wanted).every(([key, value]) => has[key] === value),
  );
}

/** The value of the one series there is, or undefined. */
async function valueOf(...which: Parameters<typeof seriesOf>): Promise<number | undefined> {
  const found = await seriesOf(...which);
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0]?.value;
}

describe('metrics', () => {
  it('tell who leads, for how long, and with how many, across a change of leader', async () => {
    sdk.register();
    const { leader, follower } = await startTwo();

    expect(await valueOf(leader, 'hedge.leader')).toBe(1);
    expect(await valueOf(follower, 'hedge.leader')).toBe(0);
    for (const app of [leader, follower]) expect(await valueOf(app, 'hedge.members')).toBe(2);
    const lease = await valueOf(leader, 'hedge.lease.remaining');
    expect(lease).toBeGreaterThan(0);
    expect(lease).toBeLessThanOrEqual(1);
    expect(await seriesOf(follower, 'hedge.lease.remaining')).toEqual([]);
    expect(await valueOf(leader, 'hedge.terms.gained')).toBe(1);
    expect(await seriesOf(follower, 'hedge.terms.gained')).toEqual([]);

    await leader.hedge.stepDown();
    await vi.waitFor(() => expect(follower.hedge.isLeader()).toBe(true), SOON);

    const reason = { 'hedge.loss.reason': 'stepped-down' };
    expect(await valueOf(leader, 'hedge.terms.lost', reason)).toBe(1);
    expect(await valueOf(leader, 'hedge.leader')).toBe(0);
    expect(await valueOf(follower, 'hedge.leader')).toBe(1);
    expect(await valueOf(follower, 'hedge.terms.gained')).toBe(1);
  });

  it('tell how renewals go', async () => {
    sdk.register();
    const store = new FaultyStore(group().store);
    const app = await start({ store });
    const failed = { 'error.type': 'STORE_UNAVAILABLE' };

    await vi.waitFor(async () => {
      const [renewed] = await seriesOf(app, 'hedge.session.renewal.duration');
      expect(renewed?.value).toBeGreaterThanOrEqual(2);
      expect(renewed.sum).toBeLessThan(renewed.value);
      expect(renewed.attributes['error.type']).toBeUndefined();
    }, SOON);
    store.fault = () => 'unavailable';
    await vi.waitFor(() => expect(app.hedge.isLeader()).toBe(false), SOON);
    store.fault = () => undefined;

    expect(await valueOf(app, 'hedge.session.renewal.duration', failed)).toBeGreaterThan(0);
    expect(await valueOf(app, 'hedge.terms.lost', { 'hedge.loss.reason': 'expired' })).toBe(1);
  });

  it('tell how large group commits are, and how long they take', async () => {
    sdk.register();
    const app = await start();

    await Promise.all(Array.from({ length: 50 }, (_, n) => app.hedge.put(`key/${n}`, 'value')));

    const [batches] = await seriesOf(app, 'hedge.log.commit.entries');
    const [commits] = await seriesOf(app, 'hedge.log.commit.duration');
    expect(batches.sum).toBe(50);
    expect(batches.value).toBeLessThan(25);
    expect(commits.value).toBe(batches.value);
  });

  it('tell how long messages take, and how they end, with no series per pattern', async () => {
    sdk.register();
    const { leader, follower } = await startTwo();
    const { hedge } = follower;

    await hedge.send('order.place', 1);
    await hedge.broadcast('order.drop', 1);
    await hedge.put('key', 'value');
    await hedge.send('order.fail', 1).catch(() => undefined);
    for (let n = 0; n < 100; n++) await hedge.send(`order.none.${n}`, 1).catch(() => undefined);

    const sent = (kind: string, error?: string) =>
      valueOf(follower, 'hedge.message.sent.duration', {
        'hedge.message.kind': kind,
        'error.type': error,
      });
    expect(await sent('send')).toBe(1);
    expect(await sent('broadcast')).toBe(1);
    expect(await sent('put')).toBe(1);
    expect(await sent('send', 'HANDLER_ERROR')).toBe(1);
    expect(await sent('send', 'NO_HANDLER')).toBe(100);
    const handled = (kind: string, error?: string) =>
      valueOf(leader, 'hedge.message.handled.duration', {
        'hedge.message.kind': kind,
        'error.type': error,
      });
    expect(await handled('send')).toBe(1);
    expect(await handled('send', 'TypeError')).toBe(1);
    expect(await handled('broadcast')).toBe(1);
    expect(await handled('put')).toBe(1);
    expect((await sdk.series('hedge.message.sent.duration')).length).toBeLessThan(10);
  });

  it('tell patterns apart where asked to', async () => {
    sdk.register();
    const app = await start({}, { patterns: true });

    await app.hedge.send('order.place', 1);

    const pattern = { 'hedge.pattern': 'order.place' };
    expect(await valueOf(app, 'hedge.message.sent.duration', pattern)).toBe(1);
    expect(await valueOf(app, 'hedge.message.handled.duration', pattern)).toBe(1);
  });

  it('tell how long locks and permits are waited for, and whether they were had', async () => {
    sdk.register();
    const { leader, follower } = await startTwo();
    const [name, wait] = ['hedge.lock.wait.duration', { timeout: 300 }];

    const lock = await follower.locks.acquire('job');
    await leader.locks.tryAcquire('job');
    await leader.locks.acquire('job', wait).catch(() => undefined);
    await lock.release();
    await follower.hedge.semaphore('slots', 1).using(async () => undefined);

    const of = (app: App, kind: string, outcome: string, error?: string) =>
      seriesOf(app, name, {
        'hedge.lock.kind': kind,
        'hedge.lock.outcome': outcome,
        'error.type': error,
      });
    expect((await of(follower, 'lock', 'acquired'))[0].value).toBe(1);
    expect((await of(leader, 'lock', 'held'))[0].value).toBe(1);
    const [timedOut] = await of(leader, 'lock', 'failed', 'TIMEOUT');
    expect(timedOut.value).toBe(1);
    expect(timedOut.sum).toBeGreaterThan(0.2);
    expect((await of(follower, 'permit', 'acquired'))[0].value).toBe(1);
  });

  it('begin with an SDK that is set up after the app', async () => {
    const { leader, follower } = await startTwo();
    expect(await sdk.series('hedge.leader')).toEqual([]);

    sdk.register();

    await vi.waitFor(async () => {
      expect(await valueOf(leader, 'hedge.leader')).toBe(1);
      expect(await valueOf(follower, 'hedge.leader')).toBe(0);
    }, SOON);
    await follower.hedge.send('order.place', 1);
    const kind = { 'hedge.message.kind': 'send' };
    expect(await valueOf(follower, 'hedge.message.sent.duration', kind)).toBe(1);
  });

  it('end with the member', async () => {
    sdk.register();
    const { leader, follower } = await startTwo();
    const { id } = leader.hedge;

    await leader.close();

    expect(await valueOf(id, 'hedge.terms.lost', { 'hedge.loss.reason': 'shutdown' })).toBe(1);
    for (const gauge of ['hedge.leader', 'hedge.members', 'hedge.lease.remaining']) {
      expect(await seriesOf(id, gauge)).toEqual([]);
    }
    expect(CHANNELS.filter((name) => !hasSubscribers(name))).toEqual([]);
    await follower.close();
    expect(CHANNELS.filter((name) => hasSubscribers(name))).toEqual([]);
  });

  it('end with a member that fails to start', async () => {
    const store = new FaultyStore(group().store);
    store.open = () => Promise.reject(new Error('no such store'));

    await expect(start({ store })).rejects.toThrow('no such store');

    expect(CHANNELS.filter((name) => hasSubscribers(name))).toEqual([]);
  });
});

describe('a channel', () => {
  it('tells subscribers of the app itself, without OpenTelemetry', async () => {
    const heard: HedgeReport<'nestjs-hedge:message.sent'>[] = [];
    const listener = (report: unknown) => heard.push(report as (typeof heard)[number]);
    const app = await group().start({}, [Orders]);
    await app.hedge.ready(SOON);
    subscribe('nestjs-hedge:message.sent', listener);
    try {
      await app.hedge.send('order.fail', 1).catch(() => undefined);
    } finally {
      unsubscribe('nestjs-hedge:message.sent', listener);
    }
    await app.hedge.send('order.fail', 1).catch(() => undefined);

    expect(heard).toEqual([
      {
        member: { group: 'group', id: app.hedge.id, instanceId: expect.any(String) },
        kind: 'send',
        pattern: 'order.fail',
        duration: expect.any(Number),
        error: expect.objectContaining({ code: 'HANDLER_ERROR' }),
      },
    ]);
  });
});
