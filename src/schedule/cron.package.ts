import { createRequire } from 'node:module';
import type { SchedulerRegistry } from '@nestjs/schedule';

/** What @nestjs/schedule keeps in its registry. */
export type CronJob = ReturnType<SchedulerRegistry['getCronJob']>;
export type CronTime = CronJob['cronTime'];

interface CronPackage {
  readonly CronJob: {
    from(params: {
      cronTime: string;
      timeZone?: string;
      name: string;
      onTick: () => void;
    }): CronJob;
  };
  readonly CronTime: new (expression: string, timeZone?: string) => CronTime;
}

/** The very copy of `cron` that @nestjs/schedule has: no app has to install another, or the same version of it. */
export const { CronJob, CronTime } = createRequire(
  createRequire(import.meta.url).resolve('@nestjs/schedule'),
)('cron') as CronPackage;
