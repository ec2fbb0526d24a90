import { SetMetadata } from '@nestjs/common';
import { labelOfMethod } from '../decorators/wrap-method.js';
import { EXTENSION } from '../member/index.js';
import type { CronRun } from './cron.run.js';
import { LEADER_CRON, leaderCrons } from './leader-crons.js';
import { cronDefinition, type LeaderCronOptions } from './leader-cron.options.js';

type CronMethod = (run: CronRun) => unknown;

/**
 * Runs the method on the leader, once in the whole group for each slot of the expression. It needs
 * `ScheduleModule.forRoot()`, and a method of a provider or controller that is a singleton. Every member has the job in
 * its `SchedulerRegistry`, and can stop and start it there.
 *
 * The slot is claimed in the store first, so it never runs twice. If the leader dies during a run, that slot is lost:
 * the next run reports it (`cron.interrupted` in `events$`, and a warning). Runs never overlap in a process. When the
 * term of a run ends, its signal aborts and its puts are refused. A run that ignores the signal may continue beside a
 * run of the next leader. Errors of a run are logged. A shutdown waits for runs as it waits for leader handlers.
 *
 * @param expression Five or six fields, as for `@Cron()`. With six, seconds come first.
 * @throws HedgeError `INVALID_OPTIONS`, `INVALID_HANDLER` when it decorates. `INVALID_HANDLER` at the start of the app,
 *   without `ScheduleModule` or for the name of another cron.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Reports {
 *   @LeaderCron('0 3 * * *', { name: 'nightly', timeZone: 'Europe/Berlin', catchUp: 'once' })
 *   async nightly({ slot, term }: CronRun): Promise<void> {
 *     const day = slot.toISOString().slice(0, 10);
 *     await fetch(`https://reports.example/${day}`, { method: 'PUT', signal: term.signal });
 *   }
 * }
 * ```
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
