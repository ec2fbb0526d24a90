import { Injectable, type ModuleMetadata } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { setTimeout as delay } from 'node:timers/promises';
import { HedgeService } from '../../../src/index.js';
import { LeaderCron, type CronRun } from '../../../src/schedule/index.js';
import { machineTime } from '../time/machine.time.js';
import { records, settings } from './member.settings.js';

/** The key under which each run puts its slot. */
export const CRON_KEY = 'cron';

/** A cron of every second, and what it noted. */
@Injectable()
class Crons {
  constructor(private readonly hedge: HedgeService) {
    hedge.events$.subscribe((event) => {
      if (event.type !== 'cron.interrupted') return;
      records.note({ type: 'cron-interrupted', at: machineTime(), slot: event.slot.getTime() });
    });
  }

  @LeaderCron('* * * * * *', { name: 'every-second', timeZone: 'UTC' })
  async run({ slot: date, term }: CronRun): Promise<void> {
    const slot = date.getTime();
    records.note({ type: 'cron-began', at: machineTime(), slot, token: term.token });
    await delay(50 + 250 * Math.random());
    await this.hedge.put(CRON_KEY, `${slot}`).catch(() => undefined);
    records.note({ type: 'cron-ended', at: machineTime(), slot });
  }
}

/** What the app of a member with a cron has besides. */
export function cronParts(): Required<Pick<ModuleMetadata, 'imports' | 'providers'>> {
  if (!settings.cron) return { imports: [], providers: [] };
  return { imports: [ScheduleModule.forRoot()], providers: [Crons] };
}
