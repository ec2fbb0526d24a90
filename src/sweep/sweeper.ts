import type { Logger } from '@nestjs/common';
import {
  nextSweepPage,
  sweepDecision,
  sweepLook,
  sweepPages,
  sweepQuery,
  type SweepPage,
} from './sweep.decision.js';
import type { Term } from '../lock/index.js';
import { repeated } from '../session/index.js';
import { sleep, type Clock } from '../time/index.js';
import type { HedgeStore } from '../store/index.js';
import type { TermListener } from '../leader/index.js';
import { SWEEP_FAILED } from './sweep.messages.js';

/** ms; what dead sessions leave is in nobody's way, so there is no hurry */
const LEAST_INTERVAL = 60_000;

/** While this member leads, it clears away the rows of sessions that died. */
export class Sweeper implements TermListener {
  constructor(
    private readonly group: string,
    private readonly store: HedgeStore,
    private readonly clock: Clock,
    private readonly leaseDuration: number,
    private readonly logger: Logger,
  ) {}

  began(term: Term): void {
    void this.#run(term);
  }

  async ended(): Promise<void> {
    // The term's signal has ended the loop; a sweep under way is safe whoever runs it.
  }

  async #run({ signal }: Term): Promise<void> {
    // The sessions that died with the leader before are dead for everybody by then.
    await sleep(this.clock, 2 * this.leaseDuration, signal);
    while (!signal.aborted) {
      await this.#sweep(signal);
      await sleep(this.clock, Math.max(LEAST_INTERVAL, 10 * this.leaseDuration), signal);
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    try {
      for (const first of sweepPages(this.group)) {
        let page: SweepPage | undefined = first;
        while (page) page = await this.#sweepPage(page, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.logger.debug(SWEEP_FAILED(error));
    }
  }

  /** One transaction over a page at the most: whoever held very much leaves more than one commit takes. */
  async #sweepPage(page: SweepPage, signal: AbortSignal): Promise<SweepPage | undefined> {
    const { group, store, clock } = this;
    const limits = { timeout: this.leaseDuration, signal };
    const look = sweepLook(group, page);
    const rows = await repeated(clock, limits, (call) => store.rows(look, call));
    const query = sweepQuery(group, rows);
    if (query) {
      await repeated(clock, limits, (call) =>
        store.transact(query, (found) => sweepDecision(group, found), call),
      );
    }
    return nextSweepPage(page, rows);
  }
}
