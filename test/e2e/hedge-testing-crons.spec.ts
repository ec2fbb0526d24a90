import { Injectable } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { afterEach, describe, expect, it } from 'vitest';
import { HedgeService } from '../../src/index.js';
import { LeaderCron, type CronRun } from '../../src/schedule/index.js';
import { hedgeTesting } from '../../src/testing/index.js';
import { NO_SUCH_CRON } from '../../src/testing/testing.messages.js';
import { closeTested, startTested } from '../support/apps/tested.apps.js';

@Injectable()
class Reports {
  readonly slots: string[] = [];

  constructor(private readonly hedge: HedgeService) {}

  @LeaderCron('0 3 * * *', { name: 'nightly', timeZone: 'UTC' })
  async nightly({ slot }: CronRun) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await this.hedge.put('report', slot.toISOString());
  }

  @LeaderCron('*/10 * * * * *')
  often({ slot }: CronRun) {
    this.slots.push(slot.toISOString().slice(11, 19));
  }

  @LeaderCron('0 * * * *', { catchUp: 'once' })
  hourly({ slot }: CronRun) {
    this.slots.push(`hourly ${slot.toISOString().slice(11, 19)}`);
  }
}

afterEach(closeTested);

async function started(now: string) {
  const testing = hedgeTesting({ now: `2026-01-01T${now}Z` });
  const app = await startTested(testing, {
    imports: [ScheduleModule.forRoot()],
    providers: [Reports],
  });
  return { testing, app, reports: app.get(Reports), hedge: app.get(HedgeService) };
}

describe('@LeaderCron() in a spec', () => {
  it('runs as the time of the spec goes on, once for each slot', async () => {
    const { testing, reports } = await started('00:30:00');
    expect(reports.slots).toEqual([]);
    await testing.advance(29_000);
    expect(reports.slots).toEqual(['00:30:10', '00:30:20']);
    await testing.advance(2_000);
    expect(reports.slots).toHaveLength(3);
  });

  it('is run to its end', async () => {
    const { testing, hedge } = await started('02:59:30');
    await testing.runCron('nightly');
    expect(testing.now.toISOString()).toMatch(/^2026-01-01T03:00:0/);
    expect(await hedge.get('report')).toMatchObject({ value: '2026-01-01T03:00:00.000Z' });
    await expect(testing.runCron('weekly')).rejects.toMatchObject({
      message: NO_SUCH_CRON('weekly', ['nightly', 'Reports.often', 'Reports.hourly']),
    });
  });

  it('does not run while another member leads, and catches up where it is to', async () => {
    const { testing, reports } = await started('00:59:59');
    await testing.advance(2_000);
    expect(reports.slots).toEqual(['01:00:00', 'hourly 01:00:00']);
    await testing.loseLeadership();
    await testing.runCron('Reports.hourly');
    expect(reports.slots).toHaveLength(2);
    await testing.electMe();
    expect(reports.slots.slice(2)).toContain('hourly 02:00:00');
  });

  it('ends with its app', async () => {
    const { testing, app, reports } = await started('00:30:00');
    await app.close();
    await testing.advance(60_000);
    expect(reports.slots).toEqual([]);
  });
});
