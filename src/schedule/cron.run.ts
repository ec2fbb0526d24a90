import type { Leadership } from '../leader/index.js';

/** What a `@LeaderCron()` method is called with. */
export interface CronRun {
  /** Of the cron. */
  readonly name: string;
  /** The scheduled time that it runs for: the same on every clock, so it can name what is to be done once. */
  readonly slot: Date;
  /** The term that it runs in: stop when its `signal` aborts. */
  readonly term: Leadership;
}
