import type { Term } from '../../../src/lock/index.js';
import { VirtualClock, type Pace } from '../../support/time/virtual.clock.js';
import { FaultyConnection } from '../../support/simulated/faulty.connection.js';
import type { ModelStore } from '../../support/simulated/model.store.js';
import type { Mutant } from '../mutants.js';
import type { Schedule } from '../schedule.js';
import { GROUP, LEASE } from '../settings.js';
import { SimulatedMember } from './simulated.member.js';
import type { SimulatedMesh } from '../../support/simulated/simulated.mesh.js';
import type { Weather } from '../troubles/weather.js';

export interface ClusterSetting {
  readonly schedule: Schedule;
  readonly store: ModelStore;
  readonly weather: Weather;
  readonly mesh: SimulatedMesh;
  readonly mutant: Mutant;
  /** A member begins to lead. */
  led(term: Term): void;
}

/** The members of one group: those that run, and the lives that a crash ended. */
export class SimulatedCluster {
  readonly #paces = new Map<string, Pace>();
  readonly #running = new Map<string, SimulatedMember>();
  readonly #crashed: SimulatedMember[] = [];

  constructor(private readonly setting: ClusterSetting) {}

  get members(): SimulatedMember[] {
    return [...this.#running.values()];
  }

  get crashed(): readonly SimulatedMember[] {
    return this.#crashed;
  }

  get leader(): SimulatedMember | undefined {
    return this.members.find(({ election }) => election.term !== undefined);
  }

  member(id: string): SimulatedMember | undefined {
    return this.#running.get(id);
  }

  any(): SimulatedMember | undefined {
    const { members } = this;
    return members.length > 0 ? this.setting.schedule.random.pick(members) : undefined;
  }

  /** Rather the leader than another: that is where it hurts. */
  victim(): SimulatedMember | undefined {
    return (this.setting.schedule.random.chance(0.6) ? this.leader : undefined) ?? this.any();
  }

  /** Starts two to five members, each at some moment of the first 300 ms. */
  startAll(): void {
    const { random, time } = this.setting.schedule;
    const size = 2 + Math.floor(random.next() * 4);
    for (let at = 0; at < size; at++) {
      const id = `m${at}:1`;
      const pace = () => random.pick([0.99, 0.995, 1, 1.005, 1.01]);
      this.#paces.set(id, { monotonic: pace(), wall: pace() });
      time.in(random.between(0, 300), () => this.start(id));
    }
  }

  start(id: string): SimulatedMember {
    const { schedule, store, weather, mesh, mutant } = this.setting;
    const clock = new VirtualClock(schedule.time, this.#paces.get(id));
    const member = new SimulatedMember({
      group: GROUP,
      leaseDuration: LEASE,
      id,
      clock,
      store: new FaultyConnection(store, clock, weather.networkOf(id)),
      mesh,
      random: schedule.random,
      mutant,
      led: (term) => this.setting.led(term),
    });
    this.#running.set(id, member);
    member.start();
    return member;
  }

  crash(member: SimulatedMember): void {
    const { id, clock } = member;
    clock.kill();
    this.#running.delete(id);
    this.#crashed.push(member);
    this.setting.mesh.crashed(id);
  }
}
