import type { HedgeModuleOptions } from '../../../src/index.js';
import { RecordWriter } from '../records/record.writer.js';

export interface MemberSettings {
  readonly hedge: HedgeModuleOptions;
  /** Folder for the records. */
  readonly records: string;
  /**
   * `exit-code`: a signal ends the app with code 0. `signal`: Nest's default, which sends the signal to itself again
   * once the app is closed, so the process counts as killed by it (143 in a shell or a container). `none`: as `nest new`
   * makes an app, without `enableShutdownHooks()`.
   * @default 'exit-code'
   */
  readonly shutdown?: 'exit-code' | 'signal' | 'none';
  /** ms between two looks at `isLeader()`. @default 2 */
  readonly lookInterval?: number;
  /** It has a `@LeaderCron()` of every second. */
  readonly cron?: boolean;
  /** Which part of its writes the store fails. */
  readonly faults?: StoreFaults;
}

/** Each a part of all, from 0 to 1. */
export interface StoreFaults {
  /** Nothing is written, and it may be repeated. */
  readonly aborted: number;
  /** It is written, and nobody is told. */
  readonly replyLost: number;
}

/** What the process was started with. */
export const settings: MemberSettings = JSON.parse(process.argv[2]);

export const records = new RecordWriter(settings.records);

/** Stops with the app: what still keeps the process alive after that is a defect of the library. */
export const closing = new AbortController();
