import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeTested, startTested } from '../../test/support/apps/tested.apps.js';
import { NOT_RUNNING_ANY_MORE } from '../errors/index.js';
import { HedgeModule } from '../hedge.module.js';
import { HedgeService } from '../hedge.service.js';
import { LockService } from '../lock/index.js';
import { hedgeTesting } from './index.js';
import {
  APP_NOT_STARTED,
  BAD_DURATION,
  BAD_MOMENT,
  MEMBER_GONE,
  NEVER_LEADS,
  NOT_COMING,
  TWO_APPS,
} from './testing.messages.js';

afterEach(async () => {
  vi.useRealTimers();
  await closeTested();
});

async function started(options?: Parameters<typeof hedgeTesting>[0]) {
  const testing = hedgeTesting(options);
  const app = await startTested(testing);
  return { testing, app, hedge: app.get(HedgeService), locks: app.get(LockService) };
}

describe('an app in a spec', () => {
  it('leads once it is initialised, with nothing but memory around it', async () => {
    const before = process.getActiveResourcesInfo();
    const { app, hedge } = await started();

    expect(hedge.isLeader()).toBe(true);
    expect(hedge.id).toBe('member-1:7000');
    const { timestamp } = await hedge.put('a', '1');
    await hedge.put('a', '2');
    expect(await hedge.get('a')).toMatchObject({ value: '2', leader: hedge.id });
    expect(await hedge.history('a', { order: 'oldest' })).toMatchObject([
      { value: '1', timestamp },
      { value: '2' },
    ]);
    expect(handlesOf(process.getActiveResourcesInfo())).toEqual(handlesOf(before));
    await app.close();
    expect(handlesOf(process.getActiveResourcesInfo())).toEqual(handlesOf(before));
  });

  it('has the options that its spec gives it', async () => {
    const { app, hedge } = await started({
      address: 'orders-0:7000',
      lockName: 'orders',
      metadata: { url: 'http://a' },
    });
    expect(hedge.members()).toMatchObject([
      { id: 'orders-0:7000', metadata: { url: 'http://a' }, isLeader: true },
    ]);
    await app.close();
  });

  it('takes the options alone, too', async () => {
    const { options } = hedgeTesting({ address: 'orders-0:7000' });
    const imports = [HedgeModule.forRoot(options)];
    const app = (await Test.createTestingModule({ imports }).compile()).createNestApplication();
    await app.init();
    expect(app.get(HedgeService).id).toBe('orders-0:7000');
    await app.close();
  });

  it('follows from the start where the spec says so', async () => {
    const testing = hedgeTesting({ leads: false });
    const app = await startTested(testing);
    const hedge = app.get(HedgeService);

    expect(hedge.isLeader()).toBe(false);
    expect(await hedge.leader()).toBe(testing.leader?.id);
    await testing.electMe();
    expect(hedge.isLeader()).toBe(true);
    expect(testing.leader).toBeUndefined();
  });

  it('may be one that never leads', async () => {
    const testing = hedgeTesting({ candidate: false });
    const app = await startTested(testing);
    const hedge = app.get(HedgeService);
    expect(hedge.isLeader()).toBe(false);
    await expect(testing.electMe()).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: NEVER_LEADS(hedge.id),
    });
  });

  it('may be started again, as a process is: with what it had written', async () => {
    const { testing, app, hedge } = await started();
    await hedge.put('a', '1');
    await app.close();

    const again = await startTested(testing);
    expect(await again.get(HedgeService).get('a')).toMatchObject({ value: '1' });
    expect(again.get(HedgeService).isLeader()).toBe(true);
  });

  it('does not count the time that the process stands still', async () => {
    const { testing, hedge, locks } = await started({ leaseDuration: 1_000 });
    const events = vi.fn();
    const other = await testing.join();
    const lock = await other.locks.acquire('nightly');
    hedge.events$.subscribe(events);
    const waiting = locks.acquire('nightly', { timeout: 1_000 });
    const end = performance.now() + 1_500;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await lock.release();
    expect((await waiting).isHeld()).toBe(true);
    expect(hedge.isLeader()).toBe(true);
    expect(events).not.toHaveBeenCalled();
  });
});

describe('leadership', () => {
  it('is lost and gained when the spec says so', async () => {
    const { testing, hedge } = await started();
    const types: string[] = [];
    hedge.events$.subscribe(({ type }) => types.push(type));

    const other = await testing.loseLeadership();
    expect(hedge.isLeader()).toBe(false);
    expect(await hedge.leader()).toBe(other.id);
    expect(testing.leader).toBe(other);
    expect(await testing.loseLeadership()).toBe(other);

    await testing.electMe();
    expect(hedge.isLeader()).toBe(true);
    expect(other.isLeader).toBe(false);
    expect(types.filter((type) => type.startsWith('leadership'))).toEqual([
      'leadership.lost',
      'leadership.gained',
    ]);
    expect(await testing.loseLeadership()).toBe(other);
  });

  it('comes to the app when the leader dies, once its lease has run out', async () => {
    const { testing, hedge } = await started({ leads: false });
    await testing.leader?.crash();
    // It may have been renewed a third of it ago.
    await testing.advance(6_000);
    expect(hedge.isLeader()).toBe(false);
    await testing.advance(5_000);
    expect(hedge.isLeader()).toBe(true);
  });

  it('is kept while time goes by', async () => {
    const { testing, hedge } = await started();
    const { token } = hedge.leadership!;
    await testing.join();
    const before = testing.now.getTime();
    await testing.advance(600_000);
    expect(testing.now.getTime() - before).toBeGreaterThanOrEqual(600_000);
    expect(hedge.leadership?.token).toBe(token);
    expect(hedge.members()).toHaveLength(2);
  });
});

describe('other members', () => {
  it('join, leave and crash', async () => {
    const { testing, hedge } = await started();
    const ids = () => hedge.members().map(({ id }) => id);
    const one = await testing.join({ metadata: { url: 'http://b' } });
    const two = await testing.join();
    expect(ids()).toEqual([hedge.id, one.id, two.id]);
    expect(hedge.members()[1].metadata).toEqual({ url: 'http://b' });
    expect(one.hedge.members().map(({ id }) => id)).toEqual(ids());

    await one.leave();
    expect(ids()).toEqual([hedge.id, two.id]);
    let isSettled = false;
    const settle = () => (isSettled = true);
    two.locks.acquire('never', { timeout: 1_000 }).then(settle, settle);
    await two.crash();
    // Its connections are closed.
    await testing.advance(1_500);
    expect(ids()).toEqual([hedge.id]);
    await testing.advance(60_000);
    expect(isSettled).toBe(false);
  });

  it('hold locks and permits that the app wants', async () => {
    const { testing, hedge, locks } = await started();
    const other = await testing.join();
    const lock = await other.locks.acquire('nightly');
    await other.hedge.semaphore('slots', 1).acquire();

    expect(await locks.tryAcquire('nightly')).toBeUndefined();
    expect(await hedge.semaphore('slots', 1).tryAcquire()).toBeUndefined();
    const waiting = locks.acquire('nightly', { timeout: 60_000 });
    await lock.release();
    expect((await waiting).token).toBeGreaterThan(lock.token);

    await other.crash();
    await testing.advance(12_000);
    expect((await hedge.semaphore('slots', 1).tryAcquire())?.isHeld()).toBe(true);
  });

  it('have a time-out pass as soon as time does', async () => {
    const { testing, locks } = await started();
    const other = await testing.join();
    await other.locks.acquire('nightly');
    const waiting = locks.acquire('nightly', { timeout: 600_000 });
    const refusal = expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' });
    await testing.advance(600_000);
    await refusal;
  });

  it('are sent more than any buffer holds', async () => {
    const { testing, hedge } = await started({ leads: false });
    testing.leader?.onLeaderMessage('echo', (data: string) => data);
    const long = 'ä'.repeat(4_000_000);
    expect((await hedge.send('echo', long)) === long).toBe(true);
  });

  it('may be a second app', async () => {
    const { testing, hedge } = await started();
    const second = testing.another({ metadata: { url: 'http://b' } });
    const other = (await startTested(second)).get(HedgeService);

    expect(other.isLeader()).toBe(false);
    expect(await other.leader()).toBe(hedge.id);
    await other.put('a', '1');
    expect(await hedge.get('a')).toMatchObject({ leader: hedge.id });
    await second.electMe();
    expect([hedge.isLeader(), other.isLeader()]).toEqual([false, true]);
    expect(second.now).toEqual(testing.now);
  });

  it('leave with the last app', async () => {
    const { testing, app } = await started();
    const other = await testing.join();
    other.onBroadcast('hangs', () => new Promise(() => undefined));
    void other.hedge.broadcast('hangs', 0);
    const second = await startTested(testing.another());
    await app.close();
    expect(other.hedge.members()).toHaveLength(2);
    await second.close();
    expect(() => other.hedge.members()).toThrow(NOT_RUNNING_ANY_MORE);
  });

  it('know nothing of the members of another group', async () => {
    const one = await started();
    const two = await started();
    expect([one.hedge.isLeader(), two.hedge.isLeader()]).toEqual([true, true]);
    await one.hedge.put('a', '1');
    expect(await two.hedge.get('a')).toBeUndefined();
  });
});

describe('the clocks', () => {
  it('show what the spec says, and go on from there', async () => {
    const { testing, hedge } = await started({ now: '2026-01-01T00:00:00Z' });
    expect(testing.now.toISOString()).toMatch(/^2026-01-01T00:00:00/);
    await testing.advance(600_000);
    const { timestamp } = await hedge.put('a', '1');
    expect(timestamp).toMatch(/^2026-01-01T00:10:0/);
  });

  it('go on where the spec has put fakes in the place of timers', async () => {
    vi.useFakeTimers();
    const { testing, app, hedge, locks } = await started();
    const other = await testing.loseLeadership();
    other.onLeaderMessage('ask', (data: number) => data + 1);
    expect(await hedge.send('ask', 1)).toBe(2);
    await hedge.put('a', '1');
    await testing.electMe();
    await hedge.put('a', '2');
    await other.locks.acquire('nightly');
    await expect(locks.acquire('nightly', { timeout: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await testing.advance(60_000);
    await app.close();
  });
});

describe('wrong use', () => {
  it('of the handle before the app runs, or after', async () => {
    const { testing, app } = await started();
    await app.close();
    for (const [method, call] of [
      ['electMe', () => testing.electMe()],
      ['loseLeadership', () => testing.loseLeadership()],
      ['join', () => testing.join()],
      ['electMe', () => hedgeTesting().electMe()],
    ] as const) {
      const message = APP_NOT_STARTED(method);
      await expect(call()).rejects.toMatchObject({ code: 'NOT_RUNNING', message });
    }
  });

  it('of one set of options for two apps', async () => {
    const { testing, hedge } = await started();
    await expect(startTested(testing)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: TWO_APPS,
    });
    expect(hedge.isLeader()).toBe(true);
    await hedge.put('a', '1');
  });

  it('of an address that another member has', async () => {
    const { testing } = await started({ address: 'a:1' });
    await expect(testing.join({ address: 'a:1' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  it.each([-1, NaN, Infinity, '5'])('of time: %s ms', async (ms) => {
    const { testing } = await started();
    await expect(testing.advance(ms as number)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: BAD_DURATION(ms),
    });
  });

  it.each(['noon', '1969-12-31', Date.UTC(9_999), NaN])('of a moment: %s', (now) => {
    expect(() => hedgeTesting({ now })).toThrow(BAD_MOMENT(now));
  });

  it('of what never comes about: an app that closes is not elected', async () => {
    const { testing, app, hedge } = await started({ leads: false });
    const message = NOT_COMING(`The election of ${hedge.id}`, 60_000);
    const election = expect(testing.electMe()).rejects.toMatchObject({ code: 'TIMEOUT', message });
    await Promise.all([election, app.close()]);
  });

  it('of a member that is gone', async () => {
    const { testing } = await started();
    const other = await testing.join();
    await other.leave();
    await other.leave();
    await other.crash();
    await expect(other.lead()).rejects.toMatchObject({
      code: 'NOT_RUNNING',
      message: MEMBER_GONE(other.id),
    });
  });
});

/** The timers that there are belong to the test runner: the ones here keep no process, which has none told. */
function handlesOf(resources: string[]): string[] {
  return resources.filter((name) => name !== 'Timeout' && name !== 'Immediate').toSorted();
}
