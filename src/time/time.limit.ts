import type { Clock } from './clock.js';

/** Time that several steps in a row share: what the first takes, the others lack. */
export class TimeLimit {
  readonly #end: number;

  /** @param timeout ms from now */
  constructor(
    private readonly clock: Clock,
    timeout: number,
  ) {
    this.#end = clock.now().monotonic + timeout;
  }

  /** ms that are left, not below zero. */
  get left(): number {
    return Math.max(0, this.#end - this.clock.now().monotonic);
  }

  get isOver(): boolean {
    return this.left <= 0;
  }
}
