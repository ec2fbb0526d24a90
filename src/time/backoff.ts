/** Delays that double from `first` to `most` ms, each spread over its upper half so that members do not march in step. */
export class Backoff {
  #next: number;

  constructor(
    private readonly first: number,
    private readonly most: number,
    private readonly random: () => number = Math.random,
  ) {
    this.#next = first;
  }

  /** ms to wait before the next attempt. */
  next(): number {
    const delay = this.#next;
    this.#next = Math.min(this.most, delay * 2);
    return delay * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.#next = this.first;
  }
}
