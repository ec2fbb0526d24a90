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

/** ms; rows of dead sessions block nobody, so there is no hurry */
const LEAST_INTERVAL = 60_000;

/** The parts of a member that the sweeper needs. */
export interface SweeperParts {
  readonly group: string;
  /** ms */
  readonly leaseDuration: number;
  readonly store: HedgeStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** While this member leads, it deletes the rows of sessions that died. */
export class Sweeper implements TermListener {
  constructor(private readonly parts: SweeperParts) {}

  began(term: Term): void {
    void this.#run(term);
  }

  async ended(): Promise<void> {
    // The term's signal has ended the loop. A sweep under way is safe, even if another member leads by now.
  }

  async #run({ signal }: Term): Promise<void> {
    const { clock, leaseDuration } = this.parts;
    // By then, the sessions that died with the leader before are dead by every clock.
    await sleep(clock, 2 * leaseDuration, signal);
    while (!signal.aborted) {
      await this.#sweep(signal);
      await sleep(clock, Math.max(LEAST_INTERVAL, 10 * leaseDuration), signal);
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { group, logger } = this.parts;
    try {
      for (const first of sweepPages(group)) {
        let page: SweepPage | undefined = first;
        while (page) page = await this.#sweepPage(page, signal);
      }
    } catch (error) {
      if (!signal.aborted) logger.debug(SWEEP_FAILED(error));
    }
  }

  /** One transaction a page: a member that held very much leaves more than one commit takes. */
  async #sweepPage(page: SweepPage, signal: AbortSignal): Promise<SweepPage | undefined> {
    const { group, store, clock, leaseDuration } = this.parts;
    const limits = { timeout: leaseDuration, signal };
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
