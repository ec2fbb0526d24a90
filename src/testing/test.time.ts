import { AsyncResource } from 'node:async_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Instant, Timer } from '../time/index.js';
import { VirtualTime } from './virtual.time.js';

/** Turns of the event loop without anything new, after which nothing more follows. */
const QUIET = 4;
/** Turns that are waited for at the most: there is always something new where a handler calls itself for ever. */
const MOST = 1_000;
/** ms between two looks at the real time. */
const PACE = 5;
/** ms by which it goes on at a look, at the most. */
const LONGEST_STEP = 50;

/**
 * The time of a group: it goes on as the real one does while members run, and faster when somebody advances it. On a
 * machine that is busy, or stopped in a debugger, it falls behind, and nobody loses a lease over that.
 */
export class TestTime {
  readonly #virtual = new VirtualTime(() => this.settle());
  #activity = 0;
  /** Whether each of those who have it flow keeps the process, too. */
  readonly #flows = new Map<object, boolean>();
  #advancing = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param start what the wall clocks show at first, in ms since 1970 */
  constructor(private readonly start: number) {}

  get now(): number {
    return this.#virtual.now;
  }

  get wall(): number {
    // Of whole ms, as the real one: sums of fractions would have it show less than what has come.
    return Math.round(this.start + this.now);
  }

  /** Something happens, and more may follow from it. */
  readonly touched = (): void => void this.#activity++;

  after(ms: number, run: () => void): Timer {
    this.touched();
    return this.#virtual.in(ms, run);
  }

  /** All has happened that follows without time going on. What handlers wait for elsewhere is not seen. */
  async settle(): Promise<void> {
    let seen = this.#activity;
    for (let quiet = 0, turns = 0; quiet < QUIET && turns < MOST; turns++) {
      await turn();
      if (seen === this.#activity) quiet++;
      else quiet = 0;
      seen = this.#activity;
    }
  }

  advance(ms: number): Promise<void> {
    return this.#apart(() => this.#virtual.advance(ms));
  }

  /** Goes on to what is due next, or by a little where nothing is: whoever waits for something is to give up one day. */
  step(): Promise<void> {
    const time = this.#virtual;
    return this.#apart(() => (time.next === undefined ? time.advance(LONGEST_STEP) : time.step()));
  }

  /**
   * Has it flow until `end`.
   * @param keepsProcess Is the process to wait for that?
   */
  flow(who: object, keepsProcess: boolean): void {
    this.#flows.set(who, keepsProcess);
    if (this.#timer) this.#refresh(this.#timer);
    else this.#goOn(realTime());
  }

  end(who: object): void {
    this.#flows.delete(who);
    if (this.#flows.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #goOn(since: number): void {
    this.#timer = setTimeout(() => void this.#catchUp(since), PACE);
    this.#refresh(this.#timer);
  }

  #refresh(timer: NodeJS.Timeout): void {
    if ([...this.#flows.values()].includes(true)) timer.ref();
    else timer.unref();
  }

  async #catchUp(since: number): Promise<void> {
    const timer = this.#timer;
    const now = realTime();
    const elapsed = Math.min(now - since, LONGEST_STEP);
    if (this.#advancing === 0 && !this.#virtual.skip(elapsed)) await this.advance(elapsed);
    // Another one may have begun meanwhile.
    if (this.#flows.size > 0 && this.#timer === timer) this.#goOn(now);
  }

  /** It does not flow meanwhile. */
  async #apart(work: () => Promise<void>): Promise<void> {
    this.#advancing++;
    try {
      await work();
    } finally {
      this.#advancing--;
    }
  }
}

/** What a monotonic clock shows at first, in ms: not 0, which stands for never here and there. */
const BOOT = 1_000;

/** One member's clocks. */
export class TestClock implements Clock {
  #isStopped = false;

  constructor(private readonly time: TestTime) {}

  now(): Instant {
    return { monotonic: BOOT + this.time.now, wall: this.time.wall };
  }

  /** Called where it was asked for, as by the real clock: not in the AsyncLocalStorage of whoever has time go on. */
  after(ms: number, call: () => void): Timer {
    const due = AsyncResource.bind(() => {
      if (!this.#isStopped) call();
    });
    return this.time.after(Math.max(0, ms), due);
  }

  /** Nothing is due for this member any more. */
  stop(): void {
    this.#isStopped = true;
  }
}

const hrtime = process.hrtime.bigint.bind(process.hrtime);

/** ms; not what specs may have put in place of the global clocks. */
function realTime(): number {
  return Number(hrtime()) / 1e6;
}
