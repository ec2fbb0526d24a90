import { SetMetadata } from '@nestjs/common';
import { labelOfMethod } from '../decorators/wrap-method.js';
import { EXTENSION } from '../member/index.js';
import type { CronRun } from './cron.run.js';
import { LEADER_CRON, leaderCrons } from './leader-crons.js';
import { cronDefinition, type LeaderCronOptions } from './leader-cron.options.js';

type CronMethod = (run: CronRun) => unknown;

/**
 * The method runs once in the whole group for each time the expression names, on the leader. Every member has the job in
 * its `SchedulerRegistry`, where it can be stopped and started; needs `ScheduleModule.forRoot()`. On methods of
 * providers and controllers that are singletons, above or below `@WithLock()` and the like.
 *
 * Before it runs, the store has taken down that this slot is had, in one row for each cron: so it is never run for the
 * same slot again, whoever leads by then and whatever clocks say; and where its leader dies, the slot is lost: the next
 * run tells of it (`cron.interrupted` in `events$`, and a warning). No two runs overlap in one process; a run whose
 * term is over has its signal aborted, and all that it puts is refused, but as long as it does not listen it may go on
 * beside one of the next leader. What it throws is logged. A shutdown waits for it as for leader handlers.
 *
 * @param expression of five or six fields, as for `@Cron()`: seconds come first
 * @throws HedgeError where it decorates: `INVALID_OPTIONS`, `INVALID_HANDLER`; at the start of the app, without
 *   `ScheduleModule` or for a name that another cron has: `INVALID_HANDLER`
 *
 * @example
 * LeaderCron('0 3 * * *', { name: 'nightly', timeZone: 'Europe/Berlin', catchUp: 'once' })
 */
export function LeaderCron(expression: string, options: LeaderCronOptions = {}) {
  return <M extends CronMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    const label = labelOfMethod('@LeaderCron()', target, key, descriptor.value);
    const definition = cronDefinition(label, expression, options);
    SetMetadata(LEADER_CRON, definition)(target, key, descriptor);
    SetMetadata(EXTENSION, leaderCrons)(target, key, descriptor);
  };
}
