import { HedgeError } from '../errors/index.js';
import type { Recurring } from '../hedge.surroundings.js';
import type { Clock } from '../time/index.js';
import { NO_SUCH_CRON } from './testing.messages.js';
import type { TestTime } from './test.time.js';

interface Cron {
  readonly what: Recurring;
  /** The run that its latest tick started. */
  newest: Promise<void>;
}

/** The crons of a member, which are due by the group's time. */
export class TestCrons {
  readonly #crons = new Map<string, Cron>();

  constructor(
    private readonly time: TestTime,
    private readonly clock: Clock,
  ) {}

  add(what: Recurring): void {
    this.#crons.set(what.name, { what, newest: Promise.resolve() });
  }

  /** Makes the crons due from now on. */
  start(): void {
    for (const cron of this.#crons.values()) this.#arm(cron);
  }

  /**
   * Advances the time to the next slot of a cron, and resolves when its run has ended.
   * @throws HedgeError `INVALID_ARGUMENT` if there is no cron of that name
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

  /** Makes the crons due no more. */
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
