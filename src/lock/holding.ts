import type { Term } from './term.js';

/** A lock or a permit that this member holds, until your code releases it or the member loses its session. */
export abstract class Holding implements AsyncDisposable {
  /** The name of the lock or of the semaphore. */
  readonly name: string;
  readonly #term: Term;
  readonly #giveBack: (term: Term) => Promise<void>;
  #released: Promise<void> | undefined;

  /** @internal */
  constructor(name: string, term: Term, giveBack: (term: Term) => Promise<void>) {
    this.name = name;
    this.#term = term;
    this.#giveBack = giveBack;
  }

  /** @internal */
  get term(): Term {
    return this.#term;
  }

  /**
   * The fencing token. It is larger than the token of every earlier holder. Send it along with each write, and let the
   * receiver refuse a token that is smaller than the largest it has seen. In JSON it is a string.
   */
  get token(): bigint {
    return this.#term.token;
  }

  /**
   * Aborts when this is not held any more: on the first tick of the event loop after the session's deadline, or
   * earlier. Its `reason` is an Error that says why.
   */
  get signal(): AbortSignal {
    return this.#term.signal;
  }

  /** Whether this is held now, by this member's own clocks. Does no I/O, and is never true past the deadline. */
  isHeld(): boolean {
    return this.#term.isHeld();
  }

  /**
   * Gives this back. `isHeld()` is false and `signal` is aborted at once. Resolves when other members can have it: the
   * store has deleted the rows, or the lease is over. Never rejects. Later calls return the same promise.
   */
  release(): Promise<void> {
    if (this.#released) return this.#released;
    let done!: (givenBack: Promise<void>) => void;
    // Set before the signal aborts: a listener may call release(), too, and wait for it.
    this.#released = new Promise((resolve) => (done = resolve));
    done(this.#giveBack(this.#term));
    return this.#released;
  }

  /** Calls {@link release} at the end of a block with `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** For `JSON.stringify`, which does not know `bigint`. */
  toJSON(): {
    /** The name of the lock or of the semaphore. */
    name: string;
    /** The fencing token, in decimal digits. */
    token: string;
  } {
    return { name: this.name, token: this.token.toString() };
  }
}
