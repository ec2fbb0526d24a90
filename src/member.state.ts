import { HedgeError } from './errors/index.js';
import { NOT_RUNNING_ANY_MORE, NOT_RUNNING_YET } from './hedge.messages.js';

/** Whether this member takes part in its group: not yet, now, or not any more. */
export class MemberState {
  #state: 'new' | 'running' | 'closed' = 'new';

  begin(): void {
    this.#state = 'running';
  }

  end(): void {
    this.#state = 'closed';
  }

  /** `NOT_RUNNING`: not yet, or not any more. */
  get notRunning(): HedgeError | undefined {
    if (this.#state === 'running') return undefined;
    const text = this.#state === 'new' ? NOT_RUNNING_YET() : NOT_RUNNING_ANY_MORE();
    return new HedgeError('NOT_RUNNING', text);
  }
}
