import type { Logger } from '@nestjs/common';
import { ELECTION_FAILED } from './leader.messages.js';
import { StoreError } from '../errors/index.js';

/** Logs each outage of the store once, and once more when it turns out that waiting does not end it. */
export class OutageReporter {
  #reported: 'nothing' | 'outage' | 'refusal' = 'nothing';

  constructor(private readonly logger: Logger) {}

  failed(error: unknown): void {
    const text = ELECTION_FAILED(error);
    const isRefusal = error instanceof StoreError && error.failure === 'invalid';
    if (isRefusal && this.#reported !== 'refusal') {
      this.#reported = 'refusal';
      this.logger.error(text);
    } else if (this.#reported === 'nothing') {
      this.#reported = 'outage';
      this.logger.warn(text);
    } else this.logger.debug(text);
  }

  /** The store works: the next failure begins another outage. */
  ended(): void {
    this.#reported = 'nothing';
  }
}
