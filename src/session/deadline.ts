import type { Clock, Instant } from '../time/index.js';

/** ms. Smaller steps of the wall clock are its own pace and resolution, not time that the other clock missed. */
const UNNOTICED_STEP = 20;

/**
 * The moment after which a session counts as ended. It is kept on the monotonic clock. That clock stands still while
 * the machine is suspended: the wall clock shows the missed time, which counts too. Setting the wall clock back changes
 * nothing.
 */
export class Deadline {
  readonly #at: number;
  /** ms by which the wall clock was ahead of the monotonic clock at its last step. */
  #lead: number;
  /** ms that passed on the wall clock alone. */
  #missed = 0;

  constructor(
    private readonly clock: Clock,
    sentAt: Instant,
    length: number,
  ) {
    this.#at = sentAt.monotonic + length;
    this.#lead = leadOf(sentAt);
  }

  /** ms. 0 or less once the deadline has passed. */
  remaining(): number {
    const now = this.clock.now();
    const gained = leadOf(now) - this.#lead;
    if (Math.abs(gained) > UNNOTICED_STEP) {
      this.#lead += gained;
      this.#missed += Math.max(0, gained);
    }
    return this.#at - this.#missed - now.monotonic;
  }

  hasPassed(): boolean {
    return this.remaining() <= 0;
  }
}

function leadOf({ wall, monotonic }: Instant): number {
  return wall - monotonic;
}
