import type { Resource } from '../../../src/lock/index.js';
import { LOCKS, LONGEST_USE } from '../settings.js';
import type { SimulatedWorld } from '../simulated.world.js';
import type { LockUser } from './lock.user.js';

/** What the app does with locks and permits. */
export class LockWorkload {
  #isOver = false;

  constructor(
    private readonly world: SimulatedWorld,
    private readonly user: LockUser,
  ) {}

  /** Some schedules use locks, some permits, and some neither. */
  begin(): void {
    const { random } = this.world.schedule;
    for (const isUsed of [random.chance(0.7), random.chance(0.4)]) {
      if (isUsed) void this.#useLocks();
    }
    if (random.chance(0.5)) void this.#usePermits();
  }

  end(): void {
    this.#isOver = true;
  }

  async #useLocks(): Promise<void> {
    const { random, time } = this.world.schedule;
    while (!this.#isOver) {
      await time.sleep(random.between(10, 500));
      if (!this.#isOver) this.#use(random.pick(LOCKS), random.pick([50, 500, LONGEST_USE]));
    }
  }

  /** Several at once, by members that hold some already, and now and then with another limit. */
  async #usePermits(): Promise<void> {
    const { random, time } = this.world.schedule;
    const { semaphore } = this.world;
    while (!this.#isOver) {
      await time.sleep(random.between(10, 600));
      const limit = random.chance(0.1) ? 5 - semaphore.limit : semaphore.limit;
      for (let at = random.pick([1, 1, 2, 4]); at > 0 && !this.#isOver; at--) {
        this.#use(semaphore.permit(limit), random.pick([50, 500, LONGEST_USE]));
      }
    }
  }

  #use(resource: Resource, longest: number): void {
    // Where a session is shared by leadership and locks, more can go wrong.
    const member = this.world.cluster.victim();
    const timeout = this.world.schedule.random.between(20, 1_500);
    member?.clock.deliver(() => void this.user.use(member, resource, timeout, longest));
  }
}
