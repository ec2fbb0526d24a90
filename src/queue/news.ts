/** What the leader is told while nobody waits for its answer. */
export class News {
  readonly #underWay = new Set<Promise<unknown>>();

  add(telling: Promise<unknown>): void {
    const over = telling.catch(() => undefined).finally(() => this.#underWay.delete(over));
    this.#underWay.add(over);
  }

  /** Resolves when the leader has heard of all that there was so far, or it is too late for that. */
  async told(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
