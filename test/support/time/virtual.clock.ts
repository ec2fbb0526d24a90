import type { Clock, Instant, Timer } from '../../../src/time/index.js';
import type { VirtualTime } from '../../../src/testing/virtual.time.js';

export { settled, VirtualTime } from '../../../src/testing/virtual.time.js';

/** How fast a member's clocks go: 1.01 is one percent fast. */
export interface Pace {
  readonly monotonic?: number;
  readonly wall?: number;
}

/**
 * One process's clocks and its share of the processor. Paused, its clocks go on (unless they are stalled too) but
 * nothing of it runs: timers and answers wait for the end of the pause.
 */
export class VirtualClock implements Clock {
  readonly #pace: Required<Pace>;
  /** The clocks at `#since`, from where they go on at their pace. */
  #monotonic = 5_000;
  #wall = Date.UTC(2026, 10, 23);
  #since: number;
  #stalled: { monotonic: boolean; wall: boolean } = { monotonic: false, wall: false };
  #paused = false;
  #dead = false;
  #waiting: (() => void)[] = [];
  #armed = 0;

  constructor(
    readonly time: VirtualTime,
    { monotonic = 1, wall = 1 }: Pace = {},
  ) {
    this.#pace = { monotonic, wall };
    this.#since = time.now;
  }

  /** Timers that have neither fired nor been cancelled. */
  get armed(): number {
    return this.#armed;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  now(): Instant {
    this.#settle();
    return { monotonic: this.#monotonic, wall: this.#wall };
  }

  after(ms: number, call: () => void): Timer {
    const due = this.now().monotonic + Math.max(0, ms);
    let isOver = false;
    let appointment: Timer | undefined;
    const finish = () => {
      if (isOver) return;
      isOver = true;
      this.#armed--;
      appointment?.cancel();
    };
    const arm = () => {
      const left = due - this.now().monotonic;
      appointment = this.time.in(Math.max(0, left / this.#pace.monotonic), () => {
        this.deliver(() => {
          if (isOver) return;
          if (due - this.now().monotonic > 1e-6) return arm();
          finish();
          call();
        });
      });
    };
    this.#armed++;
    arm();
    return { cancel: finish };
  }

  /** Runs something in this process: now, or when its pause is over; never once it was killed. */
  deliver(call: () => void): void {
    if (this.#dead) return;
    if (this.#paused) this.#waiting.push(call);
    else call();
  }

  /** As SIGSTOP does; with `stalled`, as a machine that is suspended does. */
  pause(stalled: { monotonic?: boolean; wall?: boolean } = {}): void {
    this.#settle();
    this.#paused = true;
    this.#stalled = { monotonic: stalled.monotonic ?? false, wall: stalled.wall ?? false };
  }

  /** What waited happens in the order given by `arrange`, each on a turn of its own. */
  resume(arrange: (waiting: (() => void)[]) => (() => void)[] = (waiting) => waiting): void {
    this.#settle();
    this.#stalled = { monotonic: false, wall: false };
    this.#paused = false;
    const waiting = arrange(this.#waiting);
    this.#waiting = [];
    for (const call of waiting) this.time.in(0, () => this.deliver(call));
  }

  /** The clock on the wall is set. */
  jumpWall(ms: number): void {
    this.#settle();
    this.#wall += ms;
  }

  /** The process is gone: nothing of it ever runs again. */
  kill(): void {
    this.#dead = true;
    this.#waiting = [];
  }

  advance(ms: number): Promise<void> {
    return this.time.advance(ms);
  }

  #settle(): void {
    const elapsed = this.time.now - this.#since;
    this.#since = this.time.now;
    if (!this.#stalled.monotonic) this.#monotonic += elapsed * this.#pace.monotonic;
    if (!this.#stalled.wall) this.#wall += elapsed * this.#pace.wall;
  }
}
