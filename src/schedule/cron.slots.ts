import { CronTime } from './cron.package.js';

const SECOND = 1_000;
/** Seconds, 17 years: longer than between any two slots that there are. */
const FARTHEST = 2 ** 29;

/** The moments that a cron is scheduled for. */
export class CronSlots {
  readonly #time: CronTime;
  readonly #zone: string;

  /** @throws Error that says what is wrong with the expression or the time zone */
  constructor(
    readonly expression: string,
    readonly timeZone?: string,
  ) {
    this.#time = new CronTime(expression, timeZone);
    this.#zone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    // It may be one that never comes: the 31st of February.
    this.#time.sendAt();
  }

  /**
   * The newest slot that is not after `now`, both in ms since 1970; `undefined` where there is none. Not what a timer was
   * set for: one may fire late, and a clock may be set.
   */
  latest(now: number): number | undefined {
    const second = Math.floor(now / SECOND) * SECOND;
    const after = (seconds: number) => this.after(second - seconds * SECOND);
    // The nearest moment whose next slot has come: twice as far each time, and then half.
    let near = 0;
    let far = 1;
    while (after(far) > now) {
      near = far;
      far *= 2;
      if (far > FARTHEST) return undefined;
    }
    while (far - near > 1) {
      const middle = (near + far) >> 1;
      if (after(middle) > now) near = middle;
      else far = middle;
    }
    return after(far);
  }

  /** The slot that comes next, seen from then. From a slot on it is the next one, also where an hour comes twice. */
  after(time: number): number {
    return this.#time.getNextDateFrom(new Date(time), this.#zone).toMillis();
  }
}
