import { setImmediate } from 'node:timers';
import type { Clock, Instant, Timer } from '../../src/session/index.js';

/** All promise reactions that are due, and what they put off to the next turn of the event loop, have run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

interface Appointment {
  readonly at: number;
  /** Keeps appointments of one moment in the order they were made. */
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** True time in ms, which no member sees: what happens next, and when. */
export class VirtualTime {
  /** A binary heap. */
  readonly #due: Appointment[] = [];
  #now = 0;
  #orders = 0;

  get now(): number {
    return this.#now;
  }

  /** When something happens next; `undefined` when nothing ever will. */
  get next(): number | undefined {
    while (this.#due[0]?.isCancelled) this.#pop();
    return this.#due[0]?.at;
  }

  at(at: number, run: () => void): Timer {
    const appointment = {
      at: Math.max(at, this.#now),
      order: this.#orders++,
      run,
      isCancelled: false,
    };
    this.#push(appointment);
    return { cancel: () => void (appointment.isCancelled = true) };
  }

  in(ms: number, run: () => void): Timer {
    return this.at(this.#now + ms, run);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.in(ms, resolve));
  }

  /** Lets the next thing happen, and all that follows from it at once. */
  async step(): Promise<void> {
    if (this.next === undefined) return;
    const { at, run } = this.#pop()!;
    this.#now = at;
    run();
    await settled();
  }

  /** Lets everything happen that is due within `ms`, one thing after the other. */
  async advance(ms: number): Promise<void> {
    await settled();
    const until = this.#now + ms;
    while (this.next !== undefined && this.next <= until) await this.step();
    this.#now = until;
  }

  #push(appointment: Appointment): void {
    const heap = this.#due;
    let at = heap.push(appointment) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(appointment, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = appointment;
  }

  #pop(): Appointment | undefined {
    const heap = this.#due;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Appointment, other: Appointment): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

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
