import { HedgeError, NOT_RUNNING_ANY_MORE } from '../errors/index.js';
import { NOT_RUNNING_YET } from './member.messages.js';

/** Whether this member takes part in its group: not yet, now, or no more. */
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

  /** It shuts down: running work may end, and it gives back all that it holds. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** The error `NOT_RUNNING` of a member that has not started yet, or has shut down. */
  get notRunning(): HedgeError | undefined {
    if (this.#state === 'running') return undefined;
    const text = this.#state === 'new' ? NOT_RUNNING_YET : NOT_RUNNING_ANY_MORE;
    return new HedgeError('NOT_RUNNING', text);
  }
}
