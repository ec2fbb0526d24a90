import { setImmediate } from 'node:timers';
import type { Timer } from '../time/index.js';

/** Resolves when all due promise reactions have run, and the work that they deferred to the next tick. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

interface Appointment {
  readonly at: number;
  /** Keeps appointments of the same time in the order in which they were made. */
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** The true time in ms, with the events to come. No member sees it. */
export class VirtualTime {
  /** A binary heap. */
  readonly #due: Appointment[] = [];
  #now = 0;
  #orders = 0;

  /** @param settle awaits everything that follows from an event */
  constructor(readonly settle: () => Promise<void> = settled) {}

  get now(): number {
    return this.#now;
  }

  /** When the next event happens. `undefined` without one. */
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

  /** Runs the next event and everything that follows at once. */
  async step(): Promise<void> {
    if (this.next === undefined) return;
    const { at, run } = this.#pop()!;
    this.#now = Math.max(this.#now, at);
    run();
    await this.settle();
  }

  /** Runs all events that are due within `ms`, one after the other. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const until = this.#now + ms;
    while (this.next !== undefined && this.next <= until) await this.step();
    // Another call may have advanced it meanwhile.
    this.#now = Math.max(this.#now, until);
  }

  /** Advances by `ms`, if no event is due in that time. */
  skip(ms: number): boolean {
    const { next } = this;
    if (next !== undefined && next <= this.#now + ms) return false;
    this.#now += ms;
    return true;
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
