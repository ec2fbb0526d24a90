import { onAbort } from '../../abort.listeners.js';
import { StoreError } from '../../errors/index.js';
import { LONGEST_TIMER } from '../../time/index.js';
import type { StoreCall } from '../hedge.store.js';
import { ABORTED_IN_FLIGHT, CLOSED, GIVEN_UP, NO_ANSWER } from './spanner.messages.js';

/** Our own timer ended the call, not an error of Spanner. */
export class NoAnswerError extends StoreError {
  constructor(database: string, timeout: number, message = NO_ANSWER(database, timeout)) {
    super('unavailable', message);
  }
}

/**
 * A running store call. A promise that is awaited through it settles when its time is up, when its caller aborts, or
 * when the store closes, whatever the driver, the network and the server do.
 *
 * @internal
 */
export class Attempt {
  readonly timeout: number;
  readonly isUrgent: boolean;
  readonly #expires: number;
  readonly #caller: AbortSignal | undefined;
  #commitLeft = false;

  constructor(
    call: StoreCall,
    private readonly database: string,
    private readonly closing: AbortSignal,
  ) {
    this.timeout = call.timeout;
    this.isUrgent = call.isUrgent ?? false;
    this.#expires = performance.now() + call.timeout;
    this.#caller = call.signal;
  }

  /** The rest of the time in ms, never negative. */
  get remaining(): number {
    return Math.max(0, this.#expires - performance.now());
  }

  /** An error has another meaning after the commit was sent. */
  get phase(): 'read' | 'commit' {
    return this.#commitLeft ? 'commit' : 'read';
  }

  /** Call it right before a commit is sent, with no `await` in between. */
  commitLeaves(): void {
    this.throwIfOver();
    this.#commitLeft = true;
  }

  /** Call it after an answer that the commit was not applied. */
  commitFailed(): void {
    this.#commitLeft = false;
  }

  throwIfOver(): void {
    const over = this.#over();
    if (over) throw over;
  }

  /**
   * Settles as `work` does, or rejects when this attempt is over. It then calls `abandon` to stop the work, and ignores
   * the outcome of the work.
   */
  settle<T>(work: Promise<T>, abandon?: (reason: StoreError) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        for (const stopListening of listening) stopListening();
      };
      const giveUp = () => {
        finish();
        // The timer may fire a fraction of a millisecond early.
        const reason = this.#over() ?? new NoAnswerError(this.database, this.timeout);
        abandon?.(reason);
        reject(reason);
      };
      const timer = setTimeout(giveUp, Math.min(this.remaining, LONGEST_TIMER));
      const listening = [this.#caller, this.closing].map((signal) =>
        signal ? onAbort(signal, giveUp) : () => false,
      );
      work.finally(finish).then(resolve, reject);
      if (this.#caller?.aborted || this.closing.aborted) giveUp();
    });
  }

  #over(): StoreError | undefined {
    if (this.#caller?.aborted) {
      const options = { cause: this.#caller.reason as unknown };
      return this.#commitLeft
        ? new StoreError('unavailable', ABORTED_IN_FLIGHT, options)
        : new StoreError('given-up', GIVEN_UP, options);
    }
    if (this.closing.aborted) return new StoreError('unavailable', CLOSED);
    if (this.remaining === 0) return new NoAnswerError(this.database, this.timeout);
    return undefined;
  }
}
