import type { Term } from '../../../src/lock/index.js';
import { LOCKS, LONGEST_ELECTION, LONGEST_USE, LONGEST_WAIT } from '../settings.js';
import type { SimulatedWorld } from '../simulated.world.js';
import { violated } from './violation.js';
import type { LockUser } from '../workload/lock.user.js';

/** ms after which a refused attempt is made again. */
const PAUSE = 50;

/** Once the weather is clear, a member leads, and every lock and every permit can be had. */
export class AvailabilityCheck {
  constructor(
    private readonly world: SimulatedWorld,
    private readonly user: LockUser,
  ) {}

  async leader(): Promise<void> {
    const { schedule, cluster } = this.world;
    await schedule.advanceUntil(
      () => cluster.leader !== undefined,
      LONGEST_ELECTION,
      () => violated(7, 'nobody leads'),
    );
  }

  async locks(): Promise<void> {
    const { schedule, cluster } = this.world;
    for (const lock of LOCKS) {
      const member = cluster.any()!;
      let isFree = false;
      const tries = async () => {
        while (!isFree) {
          isFree = await this.user.use(member, lock, 500, LONGEST_USE);
          await schedule.time.sleep(PAUSE);
        }
      };
      void tries();
      await schedule.advanceUntil(
        () => isFree,
        LONGEST_WAIT,
        () => violated(7, `${lock.label} cannot be had: ${this.#rowsShown()}`),
      );
    }
  }

  /** As many as there are, at once, and no fewer. */
  async permits(): Promise<void> {
    const { schedule, cluster, semaphore } = this.world;
    const member = cluster.any()!;
    const terms: Term[] = [];
    member.lockUsers++;
    const take = async () => {
      while (terms.length < semaphore.limit) {
        const term = await this.user.acquire(member, semaphore.permit(), 500);
        if (term) terms.push(term);
        else await schedule.time.sleep(PAUSE);
      }
    };
    void take();
    await schedule.advanceUntil(
      () => terms.length === semaphore.limit && terms.every((term) => term.isHeld()),
      LONGEST_WAIT,
      () => violated(7, `only ${terms.length} permits can be had: ${this.#rowsShown()}`),
    );
    const releases = terms.map((term) => member.releaser.release(term, 'released'));
    void Promise.all(releases).then(() => member.lockUsers--);
  }

  #rowsShown(): string {
    const { store } = this.world;
    return JSON.stringify([...store.rows].map(([n, { writer }]) => [n, writer, store.age(n)]));
  }
}
