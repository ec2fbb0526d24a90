import { Injectable, Scope } from '@nestjs/common';
import { ContextIdFactory, NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { schedule } from 'node-cron';
import { expect, it, vi } from 'vitest';
import { HedgeService, LeaderOnly, OnLeaderMessage, type Leadership } from '../../src/index.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';

const group = useGroup();

const IMPORTS = [ScheduleModule.forRoot(), EventEmitterModule.forRoot()];
const EVERY_SECOND = '* * * * * *';
/** ms; by then the first app leads */
const LATE = 2_000;

class Counted {
  readonly runs: Record<string, number> = {};

  protected count(what: string): void {
    this.runs[what] = (this.runs[what] ?? 0) + 1;
  }
}

/** The same without `@LeaderOnly()` shows when each member's turn has come. */
@Injectable()
class Jobs extends Counted {
  @Cron(EVERY_SECOND, { name: 'cron-above' })
  @LeaderOnly()
  async cronAbove(): Promise<void> {
    this.count('cronAbove');
  }

  @LeaderOnly()
  @Cron(EVERY_SECOND, { name: 'cron-below' })
  async cronBelow(): Promise<void> {
    this.count('cronBelow');
  }

  @Cron(EVERY_SECOND)
  cronPlain(): void {
    this.count('cron');
  }

  @Interval('interval-above', 20)
  @LeaderOnly()
  intervalAbove(): void {
    this.count('intervalAbove');
  }

  @LeaderOnly()
  @Interval('interval-below', 20)
  intervalBelow(): void {
    this.count('intervalBelow');
  }

  @Interval(20)
  intervalPlain(): void {
    this.count('interval');
  }

  @Timeout('timeout-above', LATE)
  @LeaderOnly()
  timeoutAbove(): void {
    this.count('timeoutAbove');
  }

  @LeaderOnly()
  @Timeout('timeout-below', LATE)
  timeoutBelow(): void {
    this.count('timeoutBelow');
  }

  @Timeout(LATE)
  timeoutPlain(): void {
    this.count('timeout');
  }

  @OnEvent('ordered')
  @LeaderOnly()
  eventAbove(id: string): void {
    this.count(`eventAbove ${id}`);
  }

  @LeaderOnly()
  @OnEvent('ordered')
  eventBelow(id: string): void {
    this.count(`eventBelow ${id}`);
  }

  @OnEvent('ordered')
  eventPlain(id: string): void {
    this.count(`event ${id}`);
  }
}

/** What is called by hand, and goes on until it is told to. */
@Injectable()
class Work {
  readonly terms: (Leadership | undefined)[] = [];
  readonly puts: Promise<unknown>[] = [];
  goOn = () => {};

  constructor(readonly hedge: HedgeService) {}

  @LeaderOnly()
  async work(): Promise<string | undefined> {
    this.terms.push(this.hedge.currentTerm);
    await this.#toldToGoOn();
    this.terms.push(this.hedge.currentTerm);
    await this.hedge.put('work', 'done');
    return 'done';
  }

  @LeaderOnly({ onFollower: 'throw' })
  async strict(): Promise<string> {
    return 'done';
  }

  @LeaderOnly({ onFollower: 'throw' })
  strictAtOnce(): string {
    return 'done';
  }

  @LeaderOnly()
  add(one: number, other: number): number | undefined {
    return one + other;
  }

  @OnLeaderMessage('later')
  async later(): Promise<void> {
    this.terms.push(this.hedge.currentTerm);
    await this.#toldToGoOn();
    this.strictAtOnce();
  }

  #toldToGoOn(): Promise<void> {
    return new Promise((resolve) => {
      this.goOn = resolve;
    });
  }
}

@Injectable({ scope: Scope.REQUEST })
class Requested {
  @LeaderOnly()
  run(): string | undefined {
    return 'done';
  }
}

@Injectable()
class Alone {
  @LeaderOnly()
  run(): void {}
}

function expectRegistered(app: App): void {
  const registry = app.get(SchedulerRegistry);
  expect([...registry.getCronJobs().keys()]).toEqual(
    expect.arrayContaining(['cron-above', 'cron-below']),
  );
  expect(registry.getIntervals()).toEqual(
    expect.arrayContaining(['interval-above', 'interval-below']),
  );
  expect(registry.getTimeouts()).toEqual(
    expect.arrayContaining(['timeout-above', 'timeout-below']),
  );
  expect(app.get(EventEmitter2).listenerCount('ordered')).toBe(3);
}

it('is registered by every member and run by the leader, above and below any decorator', async () => {
  const apps = await group().startMany(3, {}, [Jobs], [], IMPORTS);
  for (const app of apps) expectRegistered(app);
  const { leader, followers } = await group().settled();
  for (const app of apps) await app.get(EventEmitter2).emitAsync('ordered', '1');
  const runsOf = (app: App) => app.get(Jobs).runs;
  for (const app of apps) {
    const all = {
      cron: expect.any(Number),
      interval: expect.any(Number),
      timeout: 1,
      'event 1': 1,
    };
    await vi.waitFor(() => expect(runsOf(app)).toMatchObject(all), SOON);
  }

  await vi.waitFor(() => {
    const { cronAbove, cronBelow, intervalAbove, intervalBelow, ...once } = runsOf(leader);
    expect(Math.min(cronAbove, cronBelow, intervalAbove, intervalBelow)).toBeGreaterThan(1);
    expect(once).toMatchObject({ 'eventAbove 1': 1, 'eventBelow 1': 1 });
    expect(once).toMatchObject({ timeoutAbove: 1, timeoutBelow: 1 });
  }, SOON);
  for (const follower of followers) {
    expect(Object.keys(runsOf(follower)).toSorted()).toEqual([
      'cron',
      'event 1',
      'interval',
      'timeout',
    ]);
  }

  await leader.close();
  const { leader: next } = await group().settled();
  await vi.waitFor(() => expect(runsOf(next)['cronAbove']).toBeGreaterThan(0), SOON);
  expect(logs.at('error')).toEqual([]);
});

it('gives what the method gives on the leader, and nothing elsewhere', async () => {
  await group().startMany(2, {}, [Work, Requested]);
  const { leader, followers } = await group().settled();
  const [here, there] = [leader.get(Work), followers[0].get(Work)];

  expect([here.add(1, 2), there.add(1, 2)]).toEqual([3, undefined]);
  expect([here.strictAtOnce(), await here.strict()]).toEqual(['done', 'done']);
  const refused = { code: 'NOT_LEADER', message: expect.stringContaining('is not the leader') };
  expect(() => there.strictAtOnce()).toThrow(expect.objectContaining(refused) as Error);
  await expect(there.strict()).rejects.toMatchObject(refused);
  await expect(there.work().then((result) => result)).resolves.toBeUndefined();
  const requested = await leader.app.resolve(Requested, ContextIdFactory.create());
  expect(requested.run()).toBe('done');
});

it('belongs to the term it began in: its signal, and what it puts', async () => {
  const [app] = await group().startMany(1, {}, [Work]);
  const work = app.get(Work);
  const first = app.hedge.leadership;
  const run = work.work();
  await app.hedge.stepDown();
  await vi.waitFor(() => expect(app.hedge.isLeader()).toBe(true), SOON);
  expect(app.hedge.leadership).not.toBe(first);
  work.goOn();

  await expect(run).rejects.toMatchObject({ code: 'NOT_LEADER' });
  expect(work.terms).toEqual([first, first]);
  expect(first?.signal.aborted).toBe(true);
  expect(app.hedge.currentTerm).toBeUndefined();
  expect(await app.hedge.get('work')).toBeUndefined();
});

it('does not run for a handler of a term that is over, in the next one', async () => {
  const [app] = await group().startMany(1, {}, [Work]);
  const work = app.get(Work);
  const sent = app.hedge.send('later', {});
  sent.catch(() => undefined);
  await vi.waitFor(() => expect(work.terms).toHaveLength(1), SOON);
  await app.hedge.stepDown();
  await vi.waitFor(() => expect(app.hedge.isLeader()).toBe(true), SOON);
  work.goOn();

  await expect(sent).rejects.toMatchObject({ error: { code: 'NOT_LEADER' } });
});

it('may end when the app is closed, still leading, and no other begins', async () => {
  const [app] = await group().startMany(1, { drainTimeout: 10_000 }, [Work]);
  const work = app.get(Work);
  const run = work.work();
  const closed = app.close();
  await vi.waitFor(() => {
    expect(() => work.strictAtOnce()).toThrow(
      expect.objectContaining({ code: 'NOT_RUNNING' }) as Error,
    );
  }, SOON);
  expect(work.terms[0]?.signal.aborted).toBe(false);
  work.goOn();

  await expect(run).resolves.toBe('done');
  await closed;
  expect(work.terms[0]?.signal.aborted).toBe(true);
});

it('has its like in node-cron, whose coordinator asks who leads', async () => {
  await group().startMany(2);
  const { leader, followers } = await group().settled();
  const ran: string[] = [];
  const skipped: string[] = [];
  const tasks = [leader, ...followers].map(({ hedge }) => {
    const { id } = hedge;
    const options = {
      name: 'report',
      distributed: true,
      runCoordinator: { shouldRun: () => hedge.isLeader() },
    };
    const task = schedule(EVERY_SECOND, () => void ran.push(id), options);
    task.on('execution:skipped', () => void skipped.push(id));
    return task;
  });
  await vi.waitFor(() => expect(skipped.length).toBeGreaterThan(1), SOON);
  for (const task of tasks) await task.destroy();

  expect(new Set(ran)).toEqual(new Set([leader.hedge.id]));
  expect(new Set(skipped)).toEqual(new Set(followers.map(({ hedge }) => hedge.id)));
});

it('says what is missing in an app that is no member', async () => {
  const app = await NestFactory.createApplicationContext(
    { module: class {}, providers: [Alone] },
    { logger: logs },
  );
  const missing = { code: 'INVALID_HANDLER', message: expect.stringContaining('HedgeModule') };
  expect(() => app.get(Alone).run()).toThrow(expect.objectContaining(missing) as Error);
  expect(() => new Alone().run()).toThrow(expect.objectContaining(missing) as Error);
  await app.close();
});
