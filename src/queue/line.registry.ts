import { TimeLimit, type Clock } from '../time/index.js';
import { GATHERING, Line } from './line.js';

/** The lines that a leader keeps in one term: one for each resource with waiters. */
export class LineRegistry {
  readonly #byResource = new Map<string, Line>();
  readonly #lapse: number;
  readonly #gathering: TimeLimit;

  /** @param leaseDuration ms. A turn is one request to the store, and lasts a quarter of the lease. */
  constructor(
    private readonly clock: Clock,
    leaseDuration: number,
  ) {
    this.#lapse = Math.max(1_000, leaseDuration / 4);
    this.#gathering = new TimeLimit(clock, GATHERING);
  }

  /** The line of a resource, if there is one. */
  find(resource: string): Line | undefined {
    return this.#byResource.get(resource);
  }

  /** The line of a resource, for a waiter that joins. @param waited ms that it has waited already */
  of(resource: string, waited: number): Line {
    const existing = this.#byResource.get(resource);
    if (existing) return existing;
    const line = new Line(this.clock, {
      lapse: this.#lapse,
      // The waiter stood in an earlier line, with others. It comes back first, but it may not have been first there.
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
