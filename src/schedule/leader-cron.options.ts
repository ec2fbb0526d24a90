import { EXPECTED, HedgeError, INVALID_NAME } from '../errors/index.js';
import { isLockName } from '../table/index.js';
import { CronSlots } from './cron.slots.js';
import { NO_CRON, UNKNOWN_CRON_OPTION } from './schedule.messages.js';

/** The options of `@LeaderCron()`. */
export interface LeaderCronOptions {
  /**
   * The name of the cron for all members and for the `SchedulerRegistry`: 1 to 1,000 characters without `#`, `/` and
   * NUL.
   * @default 'Class.method'
   */
  name?: string;
  /**
   * The time zone of the expression: `'Europe/Berlin'`. @default that of the machine, which must be the same for all
   * members
   */
  timeZone?: string;
  /**
   * A slot is missed while no member leads, or while the previous run is still in progress. `'skip'`: missed slots are
   * skipped. `'once'`: the leader runs the latest missed slot once, after the previous run has ended. @default 'skip'
   */
  catchUp?: 'skip' | 'once';
}

/** A cron as its decorator defines it. */
export interface CronDefinition {
  readonly slots: CronSlots;
  readonly name: string | undefined;
  readonly catchUp: 'skip' | 'once';
}

const KNOWN = ['name', 'timeZone', 'catchUp'];

/** @throws HedgeError `INVALID_OPTIONS` that names the method */
export function cronDefinition(
  label: string,
  expression: string,
  options: LeaderCronOptions,
): CronDefinition {
  const { name, timeZone, catchUp = 'skip' } = options;
  const fail = (error: unknown): never => {
    throw new HedgeError('INVALID_OPTIONS', NO_CRON(label, error), { cause: error });
  };
  const unknown = Object.keys(options).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) fail(UNKNOWN_CRON_OPTION(unknown, KNOWN));
  if (typeof expression !== 'string') fail(EXPECTED('expression', 'a string', expression));
  if (timeZone !== undefined && typeof timeZone !== 'string') {
    fail(EXPECTED('timeZone', 'a string', timeZone));
  }
  if (name !== undefined && !isLockName(name)) fail(INVALID_NAME('cron', name));
  if (!['skip', 'once'].includes(catchUp)) fail(EXPECTED('catchUp', "'skip' or 'once'", catchUp));
  try {
    return { slots: new CronSlots(expression, timeZone), name, catchUp };
  } catch (error) {
    return fail(error);
  }
}
