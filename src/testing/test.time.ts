import { AsyncResource } from 'node:async_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { setImmediate as tick } from 'node:timers/promises';
import type { Clock, Instant, Timer } from '../time/index.js';
import { VirtualTime } from './virtual.time.js';

/** After this number of event-loop ticks without anything new, nothing more follows. */
const QUIET = 4;
/** At most this number of ticks: a handler that calls itself for ever always causes something new. */
const MOST = 1_000;
/** ms between two reads of the real clock. */
const PACE = 5;
/** The time advances by at most this number of ms at a read. */
const LONGEST_STEP = 50;

/**
 * The time of a group. It runs with the real clock while members run, and a spec can advance it. On a busy machine or
 * in a debugger it falls behind, so that no member loses its lease.
 */
export class TestTime {
  readonly #virtual = new VirtualTime(() => this.settle());
  #activity = 0;
  /** The owners of the flow, and whether each of them keeps the process alive. */
  readonly #flows = new Map<object, boolean>();
  #advancing = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param start the first time on the wall clocks, in ms since 1970 */
  constructor(private readonly start: number) {}

  get now(): number {
    return this.#virtual.now;
  }

  get wall(): number {
    // Whole ms, as on the real clock: a sum of fractions could be a little too small.
    return Math.round(this.start + this.now);
  }

  /** Notes that something happened, and that more may follow. */
  readonly touched = (): void => void this.#activity++;

  after(ms: number, run: () => void): Timer {
    this.touched();
    return this.#virtual.in(ms, run);
  }

  /**
   * Resolves when everything has happened that needs no more time. It does not see other things that handlers await.
   */
  async settle(): Promise<void> {
    let seen = this.#activity;
    for (let quiet = 0, ticks = 0; quiet < QUIET && ticks < MOST; ticks++) {
      await tick();
      if (seen === this.#activity) quiet++;
      else quiet = 0;
      seen = this.#activity;
    }
  }

  advance(ms: number): Promise<void> {
    return this.#apart(() => this.#virtual.advance(ms));
  }

  /** Advances to the next event, or by a little without one, so that every wait ends one day. */
  step(): Promise<void> {
    const time = this.#virtual;
    return this.#apart(() => (time.next === undefined ? time.advance(LONGEST_STEP) : time.step()));
  }

  /**
   * Makes the time flow until `end`.
   * @param keepsProcess whether the flow keeps the process alive
   */
  flow(owner: object, keepsProcess: boolean): void {
    this.#flows.set(owner, keepsProcess);
    if (this.#timer) this.#refresh(this.#timer);
    else this.#goOn(realTime());
  }

  end(owner: object): void {
    this.#flows.delete(owner);
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
    // Another advance may have begun meanwhile.
    if (this.#flows.size > 0 && this.#timer === timer) this.#goOn(now);
  }

  /** Stops the flow during `work`. */
  async #apart(work: () => Promise<void>): Promise<void> {
    this.#advancing++;
    try {
      await work();
    } finally {
      this.#advancing--;
    }
  }
}

/** The first time on a monotonic clock, in ms. Not 0, because some code uses 0 for "never". */
const BOOT = 1_000;

/** The clocks of a member. */
export class TestClock implements Clock {
  #isStopped = false;

  constructor(private readonly time: TestTime) {}

  now(): Instant {
    return { monotonic: BOOT + this.time.now, wall: this.time.wall };
  }

  /** Calls back in the AsyncLocalStorage of its caller, as the real clock does, not in that of `advance`. */
  after(ms: number, call: () => void): Timer {
    const due = AsyncResource.bind(() => {
      if (!this.#isStopped) call();
    });
    return this.time.after(Math.max(0, ms), due);
  }

  /** Makes nothing due for this member any more. */
  stop(): void {
    this.#isStopped = true;
  }
}

const hrtime = process.hrtime.bigint.bind(process.hrtime);

/** ms. The real clock, even if a spec has replaced the global clocks. */
function realTime(): number {
  return Number(hrtime()) / 1e6;
}
