import { STORE_IS_BACK, WAITING_FOR_STORE } from './member.messages.js';
import { isPassing } from '../errors/index.js';
import { Backoff, sleep } from '../time/index.js';
import type { MemberBase } from './member.base.js';

/** ms for an attempt to open the store: longer than any permanent error takes to show. */
const OPEN_TIMEOUT = 5_000;

/**
 * Opens the store of a member. An outage does not keep the app from starting: the group just has no leader meanwhile.
 */
export class StoreOpener {
  #retrying: Promise<void> = Promise.resolve();

  constructor(
    private readonly base: Pick<MemberBase, 'store' | 'clock' | 'logger'>,
    private readonly stop: AbortSignal,
    /** Called once, when the store is open. */
    private readonly opened: () => void,
  ) {}

  /**
   * Resolves when the store is open, or is away: then further attempts follow until it is back.
   * @throws an error that no waiting mends
   */
  async open(): Promise<void> {
    const { store, logger } = this.base;
    try {
      await this.#attempt();
    } catch (error) {
      if (this.stop.aborted) return;
      if (!isPassing(error)) throw error;
      logger.warn(WAITING_FOR_STORE(store.description, error));
      this.#retrying = this.#retry();
    }
  }

  /** Resolves when no attempt follows any more. */
  get settled(): Promise<void> {
    return this.#retrying;
  }

  async #attempt(): Promise<void> {
    await this.base.store.open({ timeout: OPEN_TIMEOUT, signal: this.stop });
    if (!this.stop.aborted) this.opened();
  }

  async #retry(): Promise<void> {
    const { clock, logger, store } = this.base;
    const backoff = new Backoff(100, 2_000);
    let reported = '';
    while (!this.stop.aborted) {
      await sleep(clock, backoff.next(), this.stop);
      if (this.stop.aborted) return;
      try {
        await this.#attempt();
        if (!this.stop.aborted) logger.log(STORE_IS_BACK(store.description));
        return;
      } catch (error) {
        if (this.stop.aborted || isPassing(error)) continue;
        // Each text once: it may take a person hours to mend.
        const text = error instanceof Error ? error.message : String(error);
        if (text !== reported) logger.error(text);
        reported = text;
      }
    }
  }
}
