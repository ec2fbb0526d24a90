import type { Clock, Instant } from '../time/index.js';

/** ms; the two clocks may differ so much in pace, or by the wall clock's resolution */
const UNNOTICED = 20;

/**
 * The moment after which a session counts as ended. It is kept on the monotonic clock; what that one misses, because
 * it stood still while the machine was suspended, the wall clock adds. The wall clock being set back takes nothing
 * away again.
 */
export class Deadline {
  readonly #at: number;
  /** How far the wall clock was ahead of the monotonic one when they last parted. */
  #lead: number;
  /** ms that only the wall clock saw pass. */
  #missed = 0;

  constructor(
    private readonly clock: Clock,
    sentAt: Instant,
    length: number,
  ) {
    this.#at = sentAt.monotonic + length;
    this.#lead = leadOf(sentAt);
  }

  /** ms; not above zero once the deadline has passed. */
  remaining(): number {
    const now = this.clock.now();
    const gained = leadOf(now) - this.#lead;
    if (Math.abs(gained) > UNNOTICED) {
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
