import type { Network, Fate } from '../../support/simulated/faulty.connection.js';
import type { SeededRandom } from '../../support/simulated/seeded.random.js';

/** How much of each kind of trouble a schedule has: probabilities per request, and times per second. */
export interface Climate {
  readonly lost: number;
  readonly replyLost: number;
  readonly late: number;
  readonly aborted: number;
  readonly broken: number;
  readonly replayed: number;
  readonly slow: number;
  readonly messagesLost: number;
  readonly pauses: number;
  readonly crashes: number;
  readonly outages: number;
  readonly jumps: number;
  readonly stepDowns: number;
  readonly looks: number;
  readonly cuts: number;
  /** Probability that a member that has just won a lock cannot reach the store any more. */
  readonly isolations: number;
  /** Probability per commit that something happens to its sender just then. */
  readonly ambushes: number;
}

export function climateOf(random: SeededRandom): Climate {
  // Most schedules have a few troubles in earnest rather than a little of each.
  const some = (most: number, share = 0.5) => (random.chance(share) ? random.between(0, most) : 0);
  return {
    lost: some(0.2),
    replyLost: some(0.25),
    late: some(0.25),
    aborted: some(0.2),
    broken: some(0.2),
    replayed: some(0.1, 0.3),
    slow: some(0.2, 0.3),
    messagesLost: some(0.5, 0.3),
    pauses: some(1),
    crashes: some(0.5, 0.3),
    outages: some(0.6, 0.3),
    jumps: some(0.8, 0.3),
    stepDowns: some(2, 0.4),
    looks: some(4, 0.2),
    isolations: some(0.5, 0.4),
    ambushes: some(0.05, 0.3),
    cuts: some(1.5, 0.3),
  };
}

export interface WeatherSetting {
  readonly climate: Climate;
  readonly random: SeededRandom;
  readonly leaseDuration: number;
  /** ms since the schedule began. */
  now(): number;
  /** When it clears up, in the same ms. */
  readonly clearsAt: number;
  /** Decides what becomes of a commit whose sender meets trouble just then. */
  ambush(member: string): Partial<Fate>;
}

/** What the network does to requests, until it clears up. */
export class Weather {
  readonly climate: Climate;
  readonly clearsAt: number;
  /** By member: until when it cannot reach the store. */
  readonly #outages = new Map<string, number>();
  /** From which member to which no message gets through, and until when. */
  readonly #cuts: { from: string | undefined; to: string | undefined; until: number }[] = [];

  constructor(private readonly setting: WeatherSetting) {
    this.climate = setting.climate;
    this.clearsAt = setting.clearsAt;
  }

  /** ms a message between members takes. */
  readonly message = (from?: string, to?: string): number | undefined => {
    const { random, climate } = this.setting;
    if (!this.isClear && random.chance(climate.messagesLost)) return undefined;
    if (from !== undefined && to !== undefined && this.#isCut(from, to)) return undefined;
    return random.between(0.2, 4);
  };

  /** Every request reaches the store within its time. */
  get isMild(): boolean {
    const { lost, late, broken, outages, pauses, isolations, ambushes } = this.climate;
    return lost + late + broken + outages + pauses + isolations + ambushes === 0;
  }

  outage(member: string, duration: number): void {
    this.#outages.set(member, Math.min(this.clearsAt, this.setting.now() + duration));
  }

  /** `undefined` stands for all. */
  cut(from: string | undefined, to: string | undefined, duration: number): void {
    this.#cuts.push({ from, to, until: Math.min(this.clearsAt, this.setting.now() + duration) });
  }

  #isCut(one: string, other: string): boolean {
    return this.#cuts.some(
      ({ from = one, to = other, until }) =>
        from === one && to === other && until > this.setting.now(),
    );
  }

  networkOf(member: string): Network {
    return (kind) => {
      if (this.isClear) return this.#fair();
      if (kind === 'commit' && this.setting.random.chance(this.climate.ambushes)) {
        return { ...this.#fair(), ...this.setting.ambush(member) };
      }
      if ((this.#outages.get(member) ?? 0) > this.setting.now()) return this.#unreachable();
      return this.#foul(kind);
    };
  }

  get isClear(): boolean {
    return this.setting.now() >= this.clearsAt;
  }

  #fair(): Fate {
    const { random } = this.setting;
    return { there: random.between(0.2, 5), back: random.between(0.2, 5) };
  }

  #unreachable(): Fate {
    const { random } = this.setting;
    const broken = random.chance(0.5) ? random.between(1, 20) : undefined;
    return { there: undefined, back: undefined, broken };
  }

  #foul(kind: 'read' | 'commit'): Fate {
    const { random, climate, leaseDuration } = this.setting;
    const fair = this.#fair();
    if (random.chance(climate.lost)) return { there: undefined, back: undefined };
    if (random.chance(climate.replyLost)) return { ...fair, back: undefined };
    if (random.chance(climate.broken)) {
      const there = random.chance(0.5) ? this.#late() : undefined;
      return { there, back: undefined, broken: random.between(1, 20) };
    }
    if (random.chance(climate.slow)) {
      return {
        there: random.between(1, leaseDuration / 3),
        back: random.between(1, leaseDuration / 3),
      };
    }
    if (kind === 'read') return fair;
    if (random.chance(climate.aborted)) return { ...fair, isAborted: true };
    if (random.chance(climate.late)) return { ...fair, there: this.#late() };
    if (random.chance(climate.replayed))
      return { ...fair, again: random.between(0, leaseDuration) };
    return fair;
  }

  /** Long after its caller gave up, but not after the weather has cleared. */
  #late(): number {
    const { random, leaseDuration } = this.setting;
    const delay =
      leaseDuration * (random.chance(0.7) ? random.between(0.02, 0.6) : random.between(0.6, 3));
    return Math.max(0.2, Math.min(delay, this.clearsAt - this.setting.now()));
  }
}
