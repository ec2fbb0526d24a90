import type { Clock, Instant } from './clock.js';

/**
 * The moment after which a session counts as ended, kept on both clocks. A process that was suspended may find
 * that one of them stood still: whichever says "passed" first wins.
 */
export class Deadline {
  readonly #monotonic: number;
  readonly #wall: number;

  constructor(
    private readonly clock: Clock,
    sentAt: Instant,
    length: number,
  ) {
    this.#monotonic = sentAt.monotonic + length;
    this.#wall = sentAt.wall + length;
  }

  /** ms; not above zero once the deadline has passed. */
  remaining(): number {
    const now = this.clock.now();
    return Math.min(this.#monotonic - now.monotonic, this.#wall - now.wall);
  }

  hasPassed(): boolean {
    return this.remaining() <= 0;
  }
}
