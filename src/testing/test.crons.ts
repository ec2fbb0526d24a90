import { HedgeError } from '../errors/index.js';
import type { Recurring } from '../hedge.surroundings.js';
import type { Clock } from '../time/index.js';
import { NO_SUCH_CRON } from './testing.messages.js';
import type { TestTime } from './test.time.js';

interface Cron {
  readonly what: Recurring;
  /** What its newest tick set off. */
  newest: Promise<void>;
}

/** The crons of one member, which are due by the group's time. */
export class TestCrons {
  readonly #crons = new Map<string, Cron>();

  constructor(
    private readonly time: TestTime,
    private readonly clock: Clock,
  ) {}

  add(what: Recurring): void {
    this.#crons.set(what.name, { what, newest: Promise.resolve() });
  }

  /** They are due from now on. */
  start(): void {
    for (const cron of this.#crons.values()) this.#arm(cron);
  }

  /**
   * Lets time go on to its next slot, and resolves when what that set off is through.
   * @throws HedgeError `INVALID_ARGUMENT` where there is none of that name
   */
  async run(name: string): Promise<void> {
    const cron = this.#crons.get(name);
    if (!cron)
      throw new HedgeError('INVALID_ARGUMENT', NO_SUCH_CRON(name, [...this.#crons.keys()]));
    const { wall } = this.time;
    await this.time.advance(cron.what.next(wall) - wall);
    await cron.newest;
    await this.time.settle();
  }

  /** None of them is due any more. */
  clear(): void {
    this.#crons.clear();
  }

  #arm(cron: Cron): void {
    const { what } = cron;
    const { wall } = this.time;
    this.clock.after(what.next(wall) - wall, () => {
      if (this.#crons.get(what.name) !== cron) return;
      cron.newest = what.tick();
      this.#arm(cron);
    });
  }
}
