import { waitFor, type Clock, type WaitLimits } from '../time/index.js';
import type { Resource } from './resource.js';
import type { Waiter, WaitingLine } from './waiting.line.js';

/** ms. Waiters for the end of the same session ask at random times within this. */
const SPREAD = 100;

/**
 * Waits without a leader. Each waiter asks the store at once, and again each time that the holder in its way should be
 * gone. Waiters get the resource in no order, and do not hear of an early release.
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

/** No leader keeps a line, so there is nobody to tell. */
function nothing(): void {}
