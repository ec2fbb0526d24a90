import { onAbort } from '../../abort.listeners.js';
import { StoreError } from '../../errors/index.js';
import { LONGEST_TIMER } from '../../time/index.js';
import type { StoreCall } from '../hedge.store.js';
import { ABORTED_IN_FLIGHT, CLOSED, GIVEN_UP, NO_ANSWER } from './spanner.messages.js';

/** Our own timer ran out, as opposed to any error of Spanner's. */
export class NoAnswerError extends StoreError {
  constructor(database: string, timeout: number, message = NO_ANSWER(database, timeout)) {
    super('unavailable', message);
  }
}

/**
 * One store call under way. Whatever the driver, the network and the server do, what is awaited through it
 * settles when its time is up, its caller aborts or the store closes.
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

  /** ms left, never negative */
  get remaining(): number {
    return Math.max(0, this.#expires - performance.now());
  }

  /** Errors mean one thing while reading, and another once data is on its way. */
  get phase(): 'read' | 'commit' {
    return this.#commitLeft ? 'commit' : 'read';
  }

  /** To be called right before a commit leaves, with nothing awaited in between. */
  commitLeaves(): void {
    this.throwIfOver();
    this.#commitLeft = true;
  }

  /** After an answer that says that the commit was not applied. */
  commitFailed(): void {
    this.#commitLeft = false;
  }

  throwIfOver(): void {
    const over = this.#over();
    if (over) throw over;
  }

  /**
   * Settles as `work` does, or rejects when this attempt is over. `abandon` is then called to stop the work; how
   * that ends no longer matters to anyone.
   */
  settle<T>(work: Promise<T>, abandon?: (reason: StoreError) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        for (const stopListening of listening) stopListening();
      };
      const giveUp = () => {
        finish();
        // Also reached by the timer, which may fire a fraction of a millisecond early.
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
