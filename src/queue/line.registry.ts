import { TimeLimit, type Clock } from '../time/index.js';
import { GATHERING, Line } from './line.js';

/** The lines that a leader keeps in one term: one for each resource that somebody waits for. */
export class LineRegistry {
  readonly #byResource = new Map<string, Line>();
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

  /** The line of a resource, if somebody waits there. */
  find(resource: string): Line | undefined {
    return this.#byResource.get(resource);
  }

  /** The line of a resource, for somebody who is about to join it and has waited elsewhere for so many ms. */
  of(resource: string, waited: number): Line {
    const existing = this.#byResource.get(resource);
    if (existing) return existing;
    const line = new Line(this.clock, {
      lapse: this.#lapse,
      // Also where a connection was lost: others waited with it, and who comes back first was not first before.
      gathering: waited > GATHERING ? new TimeLimit(this.clock, GATHERING) : this.#gathering,
      onEmpty: () => this.#byResource.delete(resource),
    });
    this.#byResource.set(resource, line);
    return line;
  }

  close(): void {
    for (const line of this.#byResource.values()) line.close();
    this.#byResource.clear();
  }
}
