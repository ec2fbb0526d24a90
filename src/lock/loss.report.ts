import type { Logger } from '@nestjs/common';
import { HOLDINGS_LOST } from './lock.messages.js';
import type { Term } from './term.js';

/** How many are named. */
const NAMED = 5;

/** One line for all that goes with a session, however much that is; none for what was given back. */
export class LossReport {
  #lost: Term[] = [];

  constructor(private readonly logger: Logger) {}

  add(term: Term): void {
    if (term.lossReason === 'released' || term.lossReason === 'shutdown') return;
    // All of one session are lost in one go.
    if (this.#lost.push(term) === 1) queueMicrotask(() => this.#write());
  }

  #write(): void {
    const lost = this.#lost;
    this.#lost = [];
    const labels = lost.slice(0, NAMED).map(({ resource }) => resource.label);
    this.logger.warn(HOLDINGS_LOST(lost.length, labels, lost[0].lossReason!));
  }
}
