import { settled, VirtualTime } from '../support/time/virtual.clock.js';
import { SeededRandom } from '../support/simulated/seeded.random.js';

/** The course of one schedule: its seed decides what happens, and the first failure ends it. */
export class Schedule {
  readonly random: SeededRandom;
  readonly time = new VirtualTime();
  readonly #checks: (() => void)[] = [];
  #steps = 0;
  #failure: unknown;

  constructor(
    readonly seed: number,
    private readonly print?: (line: string) => void,
  ) {
    this.random = new SeededRandom(seed);
  }

  /** How many things have happened, one after the other. */
  get steps(): number {
    return this.#steps;
  }

  /** `check` throws when something is wrong; it runs after everything that happens. */
  checkAlways(check: () => void): void {
    this.#checks.push(check);
  }

  /** Runs a check that the code under test must not see fail: the schedule fails instead. */
  guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The schedule ends with the first error that is reported. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Tells a replay what happens. */
  note(line: () => string): void {
    this.print?.(`${this.time.now.toFixed(3).padStart(10)} ${line()}`);
  }

  /** @throws the first failure */
  advance(ms: number): Promise<void> {
    return this.advanceUntil(
      () => false,
      ms,
      () => undefined,
    );
  }

  /**
   * Lets time pass until `isDone`, for `ms` at most; then calls `tooLate`.
   * @throws the first failure
   */
  async advanceUntil(isDone: () => boolean, ms: number, tooLate: () => void): Promise<void> {
    const until = this.time.now + ms;
    await settled();
    for (;;) {
      this.#check();
      if (isDone()) return;
      const { next } = this.time;
      if (next === undefined || next > until) break;
      await this.#step();
    }
    this.time.at(until, () => undefined);
    await this.time.step();
    tooLate();
  }

  async #step(): Promise<void> {
    this.#steps++;
    try {
      await this.time.step();
    } catch (error) {
      this.fail(error);
    }
  }

  #check(): void {
    for (const check of this.#checks) this.guard(check);
    if (this.#failure !== undefined) throw this.#failure;
  }
}
