import type { Leadership } from '../leader/index.js';

/** The argument of a `@LeaderCron()` method. */
export interface CronRun {
  /** The name of the cron. */
  readonly name: string;
  /**
   * The scheduled time of this run. It is the same on every clock, so it can identify work that must happen only once.
   */
  readonly slot: Date;
  /** The leadership term of this run. Stop when its `signal` aborts. */
  readonly term: Leadership;
}
