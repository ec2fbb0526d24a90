import type { Term } from './term.js';

/** Something that this member holds while its session lasts, until it gives it back or loses it. */
export abstract class Holding implements AsyncDisposable {
  /** Of the lock or of the semaphore. */
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
   * The fencing token, larger than that of everybody who held it before: give it to whatever you write to, and have
   * that refuse a smaller one. JSON: a string.
   */
  get token(): bigint {
    return this.#term.token;
  }

  /**
   * Aborts when this is not held any more: no later than the session's deadline, or on the first turn of the event loop
   * after it. Its `reason` says why.
   */
  get signal(): AbortSignal {
    return this.#term.signal;
  }

  /** Whether it is held now, by this member's own clocks: no I/O, and never true past the deadline. */
  isHeld(): boolean {
    return this.#term.isHeld();
  }

  /**
   * Gives it back: `isHeld()` is false and `signal` aborted at once. Resolves when the store has it, or needs not be
   * told any more because the lease is over. Never rejects, however often it is called and whatever was lost before.
   */
  release(): Promise<void> {
    if (this.#released) return this.#released;
    let done!: (givenBack: Promise<void>) => void;
    // There before the signal aborts: whoever listens may give it back, too, and wait for that.
    this.#released = new Promise((resolve) => (done = resolve));
    done(this.#giveBack(this.#term));
    return this.#released;
  }

  /** At the end of the block of `await using`: {@link release}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** For `JSON.stringify`, which knows no `bigint`. */
  toJSON(): {
    /** Of the lock or of the semaphore. */
    name: string;
    /** The fencing token, in decimal digits. */
    token: string;
  } {
    return { name: this.name, token: this.token.toString() };
  }
}
