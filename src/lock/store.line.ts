import { waitFor, type Clock, type WaitLimits } from '../time/index.js';
import type { Resource } from './resource.js';
import type { Waiter, WaitingLine } from './waiting.line.js';

/** ms over which those are spread who wait for the end of the same session */
const SPREAD = 100;

/**
 * The line where nobody keeps one: everybody asks the store at once, and then each time that whoever is in the way
 * should be gone. In no order, and what is given back early is found out only then.
 */
export class StoreLine implements WaitingLine {
  readonly freed = nothing;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number = Math.random,
  ) {}

  join(resource: Resource): Waiter {
    return {
      turn: (limits, busyFor) => this.#turn(resource, limits, busyFor),
      taken: nothing,
      leave: nothing,
    };
  }

  async #turn(
    { label }: Resource,
    limits: WaitLimits,
    busyFor: number | undefined,
  ): Promise<'take' | 'look'> {
    if (busyFor === undefined) return 'take';
    const pause = busyFor + this.random() * SPREAD;
    return waitFor(this.clock, limits, `waiting for ${label}`, (done) => {
      const timer = this.clock.after(pause, () => done('look'));
      return () => timer.cancel();
    });
  }
}

/** Nobody keeps a line, so nobody has to be told. */
function nothing(): void {}
