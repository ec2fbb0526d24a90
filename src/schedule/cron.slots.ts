import { CronTime } from './cron.package.js';

const SECOND = 1_000;
/** Seconds, 17 years: longer than between any two slots that there are. */
const FARTHEST = 2 ** 29;
/** How many times as far each step of a search goes as the one before. */
const STRIDE = 4;

/** The moments that a cron is scheduled for. */
export class CronSlots {
  readonly #time: CronTime;
  readonly #zone: string;
  /** What was found last: the newest slot for all times before `next`. */
  #found = { slot: Infinity, next: -Infinity };

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
    const { slot, next } = this.#found;
    if (slot <= now && now < next) return slot;
    const second = Math.floor(now / SECOND) * SECOND;
    let none = second;
    for (let seconds = 1; seconds <= FARTHEST; seconds *= STRIDE) {
      const from = second - seconds * SECOND;
      const first = this.after(from);
      if (first <= now) return this.#newest(first, none, now);
      none = from;
    }
    return undefined;
  }

  /** The slot that comes next, seen from then. From a slot on it is the next one, also where an hour comes twice. */
  after(time: number): number {
    return this.#time.getNextDateFrom(new Date(time), this.#zone).toMillis();
  }

  /**
   * Goes on from a slot that has come: half of the way each time, and to the slot that follows, which most often is not
   * there yet. To ask costs a millisecond, and a leader that begins asks for each of its crons.
   * @param none from when on none has come
   */
  #newest(slot: number, none: number, now: number): number {
    const next = this.after(slot);
    if (next > now || next <= slot) {
      this.#found = { slot, next };
      return slot;
    }
    const middle = Math.floor((next + none) / 2 / SECOND) * SECOND;
    if (middle <= next) return this.#newest(next, none, now);
    const later = this.after(middle);
    if (later > now) return this.#newest(next, middle, now);
    // In some zones `cron` goes back, in the hour that comes twice.
    return this.#newest(Math.max(next, later), none, now);
  }
}
