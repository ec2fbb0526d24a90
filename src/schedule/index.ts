export type { CronRun } from './cron.run.js';
export { LeaderCron } from './leader-cron.decorator.js';
export type { LeaderCronOptions } from './leader-cron.options.js';
