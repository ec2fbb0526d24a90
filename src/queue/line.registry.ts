import { TimeLimit, type Clock } from '../time/index.js';
import { GATHERING, Line } from './line.js';

/** The lines that a leader keeps in one term: one for each place that somebody waits for. */
export class LineRegistry {
  readonly #byPlace = new Map<string, Line>();
  readonly #lapse: number;
  readonly #gathering: TimeLimit;

  /** @param leaseDuration ms; a turn is one question to the store, which is given up sooner than a lease is over */
  constructor(
    private readonly clock: Clock,
    leaseDuration: number,
  ) {
    this.#lapse = Math.max(1_000, leaseDuration / 4);
    this.#gathering = new TimeLimit(clock, GATHERING);
  }

  /** The line of a place, if somebody waits there. */
  find(place: string): Line | undefined {
    return this.#byPlace.get(place);
  }

  /** The line of a place, for somebody who is about to join it and has waited elsewhere for so many ms. */
  of(place: string, waited: number): Line {
    const existing = this.#byPlace.get(place);
    if (existing) return existing;
    const line = new Line(this.clock, {
      lapse: this.#lapse,
      // Also where a connection was lost: others waited with it, and who comes back first was not first before.
      gathering: waited > GATHERING ? new TimeLimit(this.clock, GATHERING) : this.#gathering,
      onEmpty: () => this.#byPlace.delete(place),
    });
    this.#byPlace.set(place, line);
    return line;
  }

  close(): void {
    for (const line of this.#byPlace.values()) line.close();
    this.#byPlace.clear();
  }
}
