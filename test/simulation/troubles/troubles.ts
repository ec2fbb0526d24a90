import type { SimulatedCluster } from '../cluster/simulated.cluster.js';
import type { Fate } from '../../support/simulated/faulty.connection.js';
import type { Schedule } from '../schedule.js';
import { LEASE } from '../settings.js';
import type { SimulatedMember } from '../cluster/simulated.member.js';
import type { Weather } from './weather.js';

/** What befalls members, and the network between them and the store, until the weather clears. */
export class Troubles {
  #pausedFor = 0;

  constructor(
    private readonly schedule: Schedule,
    private readonly weather: Weather,
    private readonly cluster: SimulatedCluster,
    /** Told of each member that crashes. */
    private readonly crashed: (id: string) => void,
  ) {}

  /** ms of all pauses together. */
  get pausedFor(): number {
    return this.#pausedFor;
  }

  /** Each kind comes at moments of its own. */
  begin(): void {
    const { climate } = this.weather;
    this.#nowAndThen(climate.pauses, () => this.#pause());
    this.#nowAndThen(climate.crashes, () => this.#crash());
    this.#nowAndThen(climate.outages, () => this.#outage());
    this.#nowAndThen(climate.jumps, () => this.#jump());
    this.#nowAndThen(climate.stepDowns, () => this.#stepDown());
    this.#nowAndThen(climate.cuts, () => this.#cut());
    this.#nowAndThen(climate.looks, () => this.#look());
  }

  /** What befalls a member at the worst moment: while a commit of it is on the way. */
  ambush(id: string): Partial<Fate> {
    const member = this.cluster.member(id);
    if (!member) return {};
    const { random, time } = this.schedule;
    if (random.chance(0.5)) {
      // It gives its term back, and the commit arrives after that.
      time.in(0, () => this.#stepDown(member));
      const there = LEASE * random.between(0.5, 1.5);
      return { there: Math.min(there, this.#left) };
    }
    // It is stopped, finds the answer late, and is cut off from the store after that.
    const duration = LEASE * random.between(0.3, 0.7);
    time.in(0, () => this.#stop(member, duration));
    time.in(duration, () => this.weather.outage(id, 2.5 * LEASE));
    return {};
  }

  /** What may befall a member that has just won a lock. */
  isolate(id: string): void {
    const { climate, isClear } = this.weather;
    if (!isClear && this.schedule.random.chance(climate.isolations)) {
      this.weather.outage(id, 2.5 * LEASE);
    }
  }

  end(): void {
    for (const { clock } of this.cluster.members) if (clock.isPaused) clock.resume();
  }

  /** ms until the weather clears. */
  get #left(): number {
    return this.weather.clearsAt - this.schedule.time.now;
  }

  /** `rate` times a second on average. */
  #nowAndThen(rate: number, happen: () => void): void {
    if (rate === 0) return;
    const { random, time } = this.schedule;
    const next = () => {
      const delay = (-Math.log(1 - random.next()) * 1_000) / rate;
      if (delay >= this.#left) return;
      time.in(delay, () => {
        happen();
        next();
      });
    };
    next();
  }

  #pause(): void {
    const member = this.cluster.victim();
    if (member) this.#stop(member, LEASE * this.schedule.random.between(0.1, 2.5));
  }

  #stop(member: SimulatedMember, longest: number): void {
    const { random, time } = this.schedule;
    if (member.clock.isPaused || this.#left <= 0) return;
    const stalled = random.pick([{}, {}, { monotonic: true }, { wall: true }]);
    const duration = Math.min(this.#left, longest);
    this.#pausedFor += duration;
    member.clock.pause(stalled);
    this.schedule.note(
      () => `${member.id} pauses for ${duration} ms ${Object.keys(stalled).join()}`,
    );
    time.in(duration, () =>
      member.clock.resume((waiting) => (random.chance(0.5) ? waiting : random.shuffled(waiting))),
    );
  }

  #crash(): void {
    const member = this.cluster.victim();
    if (!member) return;
    const { id } = member;
    this.schedule.note(() => `${id} crashes`);
    this.crashed(id);
    this.cluster.crash(member);
    // The orchestrator starts it again, at the same address.
    const delay = Math.min(this.#left, LEASE * this.schedule.random.between(0, 2));
    this.schedule.time.in(delay, () => this.cluster.start(id));
  }

  #outage(): void {
    const { random } = this.schedule;
    const all = random.chance(0.4);
    const duration = LEASE * random.between(0.1, 2.5);
    this.schedule.note(() => `no store for ${duration} ms`);
    for (const member of all ? this.cluster.members : [this.cluster.victim()]) {
      if (member) this.weather.outage(member.id, duration);
    }
  }

  /** Of one member from another or from all, in one direction or both. */
  #cut(): void {
    const { random } = this.schedule;
    const from = this.cluster.victim()?.id;
    const to = random.chance(0.5) ? this.cluster.any()?.id : undefined;
    const isOneWay = random.chance(0.3);
    const duration = random.between(0.5, 9) * LEASE;
    if (from === undefined || from === to) return;
    this.schedule.note(() => `${from} is cut off from ${to ?? 'all'} for ${duration} ms`);
    this.weather.cut(from, to, duration);
    if (!isOneWay) this.weather.cut(to, from, duration);
  }

  #jump(): void {
    const member = this.cluster.victim();
    // Of a pause that one clock slept through, the other has to tell.
    const least = member?.clock.isPaused ? 0 : -2;
    const jump = LEASE * this.schedule.random.between(least, 2);
    member?.clock.jumpWall(jump);
    this.schedule.note(() => `the wall clock of ${member?.id} is set by ${jump} ms`);
  }

  #stepDown(member = this.cluster.leader): void {
    this.schedule.note(() => `${member?.id} steps down`);
    member?.clock.deliver(() => void member.election.stepDown('stepped-down'));
  }

  #look(): void {
    const member = this.cluster.any();
    member?.clock.deliver(() => member.election.lookNow());
  }
}
