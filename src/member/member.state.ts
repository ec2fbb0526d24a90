import { HedgeError, NOT_RUNNING_ANY_MORE } from '../errors/index.js';
import { NOT_RUNNING_YET } from './member.messages.js';

/** Whether this member takes part in its group: not yet, now, or not any more. */
export class MemberState {
  #state: 'new' | 'running' | 'closed' = 'new';
  #isLeaving = false;

  begin(): void {
    this.#state = 'running';
  }

  leave(): void {
    this.#isLeaving = true;
  }

  end(): void {
    this.#state = 'closed';
  }

  /** It shuts down: what runs may end, what it holds is given back. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** `NOT_RUNNING`: not yet, or not any more. */
  get notRunning(): HedgeError | undefined {
    if (this.#state === 'running') return undefined;
    const text = this.#state === 'new' ? NOT_RUNNING_YET : NOT_RUNNING_ANY_MORE;
    return new HedgeError('NOT_RUNNING', text);
  }
}
