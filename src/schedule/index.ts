/**
 * Crons that run once in the whole group. Needs `@nestjs/schedule`.
 *
 * @module nestjs-hedge/schedule
 */
export type { CronRun } from './cron.run.js';
export { LeaderCron } from './leader-cron.decorator.js';
export type { LeaderCronOptions } from './leader-cron.options.js';
