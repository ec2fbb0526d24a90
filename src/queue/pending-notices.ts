/** Notices to the leader that nobody waits for: a lock was taken or given back, a waiter left its line. */
export class PendingNotices {
  readonly #underWay = new Set<Promise<unknown>>();

  add(notice: Promise<unknown>): void {
    const over = notice.catch(() => undefined).finally(() => this.#underWay.delete(over));
    this.#underWay.add(over);
  }

  /** Resolves when each notice so far has reached the leader or was given up. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
