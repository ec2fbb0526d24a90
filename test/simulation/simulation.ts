import { AnswerWatch, LONGEST_ANSWER } from './invariants/answer.watch.js';
import { AvailabilityCheck } from './invariants/availability.check.js';
import { DepartureCheck } from './invariants/departure.check.js';
import { MemberListCheck } from './invariants/member-list.check.js';
import type { Mutant } from './mutants.js';
import { PutLedger } from './invariants/put.ledger.js';
import { Schedule } from './schedule.js';
import { LEASE } from './settings.js';
import { SimulatedWorld } from './simulated.world.js';
import { LockUser } from './workload/lock.user.js';
import { LockWorkload } from './workload/lock.workload.js';
import { PutWorkload } from './workload/put.workload.js';

export interface ScheduleReport {
  readonly seed: number;
  readonly terms: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly steps: number;
}

/** A random schedule of one small cluster: what `seed` says happens, happens in that order each time. */
export class Simulation {
  readonly #schedule: Schedule;
  readonly #world: SimulatedWorld;
  readonly #answers: AnswerWatch;
  readonly #ledger = new PutLedger();
  readonly #puts: PutWorkload;
  readonly #lockUser: LockUser;
  readonly #locks: LockWorkload;

  /** @param print is told what happens, in order: for replays */
  constructor(seed: number, mutant: Mutant, print?: (line: string) => void) {
    const schedule = (this.#schedule = new Schedule(seed, print));
    const world = (this.#world = new SimulatedWorld(schedule, mutant));
    const answers = (this.#answers = new AnswerWatch(schedule, () => world.troubles.pausedFor));
    this.#puts = new PutWorkload(schedule, world.cluster, this.#ledger, answers);
    this.#lockUser = new LockUser(schedule, answers, (term) => world.began(term));
    this.#locks = new LockWorkload(world, this.#lockUser);
  }

  /** @throws Violation */
  async run(): Promise<ScheduleReport> {
    await this.#endure();
    await this.#recover();
    await this.#leave();
    return {
      seed: this.#schedule.seed,
      terms: this.#world.terms,
      acknowledged: this.#ledger.acknowledged,
      refused: this.#ledger.refused,
      steps: this.#schedule.steps,
    };
  }

  /** The app works through bad weather. */
  async #endure(): Promise<void> {
    const { cluster, troubles, weather } = this.#world;
    cluster.startAll();
    this.#puts.begin();
    this.#locks.begin();
    troubles.begin();
    await this.#schedule.advance(weather.clearsAt);
    troubles.end();
  }

  /** The weather is clear: before long, everything works again. */
  async #recover(): Promise<void> {
    const { random } = this.#schedule;
    const availability = new AvailabilityCheck(this.#world, this.#lockUser);
    const lists = new MemberListCheck(this.#world);
    await availability.leader();
    await lists.agree();
    const watch = lists.watch();
    await this.#schedule.advance(random.between(0, 2 * LEASE));
    this.#puts.end();
    this.#locks.end();
    await availability.locks();
    await availability.permits();
    watch.unsubscribe();
  }

  async #leave(): Promise<void> {
    const { cluster, store } = this.#world;
    const departure = new DepartureCheck(this.#world);
    await departure.leaveAll();
    await this.#schedule.advance(LONGEST_ANSWER);
    this.#answers.check(cluster.crashed);
    departure.timers();
    if (this.#schedule.seed % 16 === 0) await departure.sweep();
    this.#ledger.check(store.log);
  }
}
