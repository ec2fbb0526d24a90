import { Injectable, Scope, type Provider } from '@nestjs/common';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { describe, expect, it, vi } from 'vitest';
import { HedgeService, WithLock, type Leadership } from '../../src/index.js';
import { LeaderCron, type CronRun } from '../../src/schedule/index.js';
import { onEveryStore, SOON, useGroup, type App, type Group } from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';

const EVERY_SECOND = '* * * * * *';
const IMPORTS = [ScheduleModule.forRoot()];

@Injectable()
class Reports {
  readonly runs: CronRun[] = [];
  readonly terms: (Leadership | undefined)[] = [];
  readonly puts: Promise<unknown>[] = [];
  /** What else a run waits for. */
  held: Promise<unknown> = Promise.resolve();

  constructor(private readonly hedge: HedgeService) {}

  @LeaderCron(EVERY_SECOND, { name: 'report', timeZone: 'UTC' })
  async report(run: CronRun): Promise<void> {
    this.runs.push(run);
    this.terms.push(this.hedge.currentTerm);
    await this.held;
    const put = this.hedge.put('report', run.slot.toISOString());
    put.catch(() => undefined);
    this.puts.push(put);
    await put;
  }
}

@Injectable()
class Locked {
  runs = 0;

  @WithLock('locked')
  @LeaderCron(EVERY_SECOND)
  async above(): Promise<void> {
    this.runs++;
  }
}

function startReports(group: Group, count: number, providers: Provider[] = [Reports]) {
  return group.startMany(count, { drainTimeout: 5_000 }, providers, [], IMPORTS);
}

const slotsOf = (apps: readonly App[]) =>
  apps.flatMap((app) => app.get(Reports).runs.map(({ slot }) => slot.toISOString()));

function hold(reports: Reports): () => void {
  let goOn!: () => void;
  reports.held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  return goOn;
}

describe('@LeaderCron()', () => {
  onEveryStore((group) => {
    it('runs each slot once, on whoever leads by then', async () => {
      const apps = await startReports(group(), 3);
      const { leader, followers } = await group().settled();
      await vi.waitFor(() => expect(leader.get(Reports).runs.length).toBeGreaterThan(1), SOON);
      expect(slotsOf(followers)).toEqual([]);
      const { leadership } = leader.hedge;
      const [run] = leader.get(Reports).runs;
      expect(run).toEqual({ name: 'report', slot: expect.any(Date), term: leadership });
      expect(leader.get(Reports).terms[0]).toBe(leadership);

      await leader.hedge.stepDown();
      const before = slotsOf(apps).length;
      await vi.waitFor(() => expect(slotsOf(apps).length).toBeGreaterThan(before + 1), SOON);
      await leader.close();
      const atClose = slotsOf(apps).length;
      await vi.waitFor(() => expect(slotsOf(apps).length).toBeGreaterThan(atClose), SOON);

      const slots = slotsOf(apps);
      expect(new Set(slots).size).toBe(slots.length);
      expect(slots.every((slot) => slot.endsWith('.000Z'))).toBe(true);
      const [reader] = group().running();
      const entries = (await reader.hedge.history('report')).map(({ value }) => value);
      expect(slots).toEqual(expect.arrayContaining(entries));
      expect(new Set(entries).size).toBe(entries.length);
      const rows = await group().store.rows(
        { names: ['hedge/group/cron/report'] },
        { timeout: 5_000 },
      );
      expect(rows).toHaveLength(1);
    });
  });

  describe('as one of many that are due at once', () => {
    onEveryStore((group) => {
      it('runs like any other', async () => {
        const ran = new Map<string, string[]>();
        const providers = Array.from({ length: 60 }, (_, number) => {
          @Injectable()
          class Due {
            @LeaderCron('*/5 * * * * *', { name: `due-${number}` })
            run({ name, slot }: CronRun): void {
              ran.set(name, [...(ran.get(name) ?? []), slot.toISOString()]);
            }
          }
          return { provide: `due-${number}`, useClass: Due };
        });
        const [{ hedge }] = await startReports(group(), 1, providers);
        const second = () => [...ran.values()].find(({ length }) => length > 1)?.[1];
        const slot = await vi.waitUntil(second, SOON);
        const { leadership } = hedge;
        const without = () => providers.filter(({ provide }) => !ran.get(provide)?.includes(slot));
        await vi.waitFor(() => expect(without()).toEqual([]), { timeout: 4_000, interval: 10 });
        expect(hedge.leadership).toBe(leadership);
        expect(logs.at('warn').filter((text) => text.includes('Skipped cron'))).toEqual([]);
      });
    });
  });

  describe('in an app', () => {
    const group = useGroup();

    it('leaves a leader that has hundreds to catch up with to its lease', async () => {
      const providers = Array.from({ length: 300 }, (_, number) => {
        @Injectable()
        class Monthly {
          @LeaderCron('0 0 1 * *', { name: `monthly-${number}`, catchUp: 'once' })
          run(): void {}
        }
        return { provide: `monthly-${number}`, useClass: Monthly };
      });
      const [app] = await startReports(group(), 1, providers);
      const range = { from: 'hedge/group/cron/', to: 'hedge/group/cron0' };
      const rows = () => group().store.rows({ range }, { timeout: 5_000 });
      await vi.waitFor(async () => expect(await rows()).toHaveLength(300), SOON);
      expect(app.events.filter(({ type }) => type === 'leadership.gained')).toHaveLength(1);
    });

    it('is in the registry like any other, to be stopped and started', async () => {
      const [app] = await startReports(group(), 1, [Reports, Locked]);
      const registry = app.get(SchedulerRegistry);
      const job = registry.getCronJob('report');
      const reports = app.get(Reports);
      await vi.waitFor(() => expect(reports.runs.length).toBeGreaterThan(0), SOON);
      await job.stop();
      expect(job.isActive).toBe(false);
      await app.hedge.stepDown();
      const ran = reports.runs.length;
      const locked = app.get(Locked);
      const lockedBefore = locked.runs;
      await vi.waitFor(() => expect(locked.runs).toBeGreaterThan(lockedBefore + 1), SOON);
      expect(reports.runs).toHaveLength(ran);
      job.start();
      await vi.waitFor(() => expect(reports.runs.length).toBeGreaterThan(ran), SOON);
      expect([...registry.getCronJobs().keys()]).toEqual(['report', 'Locked.above']);

      await app.close();
      expect(registry.getCronJobs().size).toBe(0);
      expect(job.isActive).toBe(false);
    });

    it('belongs to its term, and the next leader tells of a run that outlived it', async () => {
      const [one] = await startReports(group(), 1);
      const [other] = await startReports(group(), 1);
      const reports = one.get(Reports);
      const goOn = hold(reports);
      await vi.waitFor(() => expect(reports.runs).toHaveLength(1), SOON);
      const [{ term, slot }] = reports.runs;
      await one.hedge.stepDown();
      expect(term.signal.aborted).toBe(true);
      await vi.waitFor(() => expect(other.get(Reports).runs.length).toBeGreaterThan(0), SOON);
      goOn();

      await vi.waitFor(() => expect(reports.puts).toHaveLength(1), SOON);
      await expect(reports.puts[0]).rejects.toMatchObject({ code: 'NOT_LEADER' });
      const told = other.events.filter(({ type }) => type === 'cron.interrupted');
      const { id: member } = one.hedge;
      expect(told).toEqual([
        { type: 'cron.interrupted', name: 'report', slot, member, token: term.token },
      ]);
      expect(logs.at('warn').filter((text) => text.includes('did not end'))).toHaveLength(1);
      // What it threw is logged, as Nest logs it.
      await vi.waitFor(() => {
        expect(logs.at('error').filter((text) => text.includes('Scheduler'))).toHaveLength(1);
      }, SOON);
    });

    it('is waited for when the app closes, and has its end taken down', async () => {
      const [app] = await startReports(group(), 1);
      const reports = app.get(Reports);
      const goOn = hold(reports);
      await vi.waitFor(() => expect(reports.runs).toHaveLength(1), SOON);
      const closed = app.close();
      const [{ term }] = reports.runs;
      await vi.waitFor(() => expect(app.hedge.members()[0].isLeader).toBe(true), SOON);
      expect(term.signal.aborted).toBe(false);
      goOn();
      await closed;

      await expect(reports.puts[0]).resolves.toMatchObject({ key: 'report' });
      const names = ['hedge/group/cron/report'];
      const [row] = await group().store.rows({ names }, { timeout: 5_000 });
      expect(row.writer).toMatch(/^\S+Z done \d+ \S+ 127\.0\.0\.1:\d+$/);
    });

    it('runs for what came while nobody led, and once, if asked to', async () => {
      @Injectable()
      class Daily {
        readonly runs: string[] = [];

        @LeaderCron('0 0 * * *', { name: 'daily', timeZone: 'UTC', catchUp: 'once' })
        run({ slot }: CronRun): void {
          this.runs.push(slot.toISOString());
        }

        @LeaderCron('0 0 * * *', { name: 'skipped', timeZone: 'UTC' })
        skipped(): void {
          this.runs.push('skipped');
        }
      }
      const [first] = await startReports(group(), 1, [Daily]);
      const names = ['hedge/group/cron/daily'];
      const row = () => group().store.rows({ names }, { timeout: 5_000 });
      await vi.waitFor(async () => expect(await row()).toHaveLength(1), SOON);
      const today = new Date().toISOString().slice(0, 10);
      expect((await row())[0].writer).toContain(`${today}T00:00:00.000Z done`);
      await first.close();
      expect(first.get(Daily).runs).toEqual([]);

      // As if it had last run the day before yesterday.
      for (const name of ['daily', 'skipped']) {
        const writer = '2026-11-01T00:00:00.000Z done 1 x 127.0.0.1:1';
        const mutation = { table: 'lock', op: 'upsert', name: `hedge/group/cron/${name}` } as const;
        await group().store.commit([{ ...mutation, writer }], { timeout: 5_000 });
      }
      const [second] = await startReports(group(), 1, [Daily]);
      await vi.waitFor(() => {
        expect(second.get(Daily).runs).toEqual([`${today}T00:00:00.000Z`]);
      }, SOON);
    });
  });

  describe('does not start', () => {
    const group = useGroup();
    const start = (providers: Provider[], imports = IMPORTS) =>
      group().start({}, providers, [], imports);

    it('without ScheduleModule', async () => {
      await expect(start([Reports], [])).rejects.toMatchObject({
        code: 'INVALID_HANDLER',
        message: expect.stringMatching(
          /Reports\.report\(\) .* ScheduleModule\.forRoot\(\)/,
        ) as unknown,
      });
    });

    it('with a name that another has', async () => {
      @Injectable()
      class More {
        @LeaderCron('0 0 * * *', { name: 'report' })
        run(): void {}
      }
      await expect(start([Reports, More])).rejects.toMatchObject({
        code: 'INVALID_HANDLER',
        message: expect.stringMatching(
          /More\.run\(\) has the name "report", .* another cron/,
        ) as unknown,
      });
      @Injectable()
      class Plain {
        @Cron('0 0 * * *', { name: 'report' })
        run(): void {}
      }
      await expect(start([Reports, Plain])).rejects.toThrow(/report/);
    });

    it('on a request-scoped class', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Requested {
        @LeaderCron('0 0 * * *')
        run(): void {}
      }
      await expect(start([Requested])).rejects.toMatchObject({
        code: 'INVALID_HANDLER',
        message: expect.stringContaining('Requested.run() cannot be called') as unknown,
      });
    });
  });
});
