import type { Logger } from '@nestjs/common';
import { HOLDINGS_LOST } from './lock.messages.js';
import type { Term } from './term.js';

/** The log line names at most as many locks and permits. */
const MOST_LABELS = 5;

/** Logs one line when a session is lost, however much it held. A release and a shutdown are no loss. */
export class LossReport {
  #lost: Term[] = [];

  constructor(private readonly logger: Logger) {}

  add(term: Term): void {
    if (term.lossReason === 'released' || term.lossReason === 'shutdown') return;
    // A session loses all its terms in the same tick.
    if (this.#lost.push(term) === 1) queueMicrotask(() => this.#write());
  }

  #write(): void {
    const lost = this.#lost;
    this.#lost = [];
    const labels = lost.slice(0, MOST_LABELS).map(({ resource }) => resource.label);
    this.logger.warn(HOLDINGS_LOST(lost.length, labels, lost[0].lossReason!));
  }
}
