import type { LeaderView } from '../leader/index.js';
import { TimeLimit, type Clock } from '../time/index.js';

/**
 * ms. A waiter whose leader is gone waits this long for the next leader: on its own it would overtake the others. An
 * election goes first for the same time (ELECTION-FIRST): waiters that all ask the store make it abort each other, and
 * the candidates.
 */
const GRACE = 1_000;

/** How long a waiter pauses before it asks the store on its own, because no leader keeps its line. */
export class StorePause {
  readonly #beganAt: number;
  /** Until its end, the holder that the waiter met in the store is in the way. */
  #holder: TimeLimit | undefined;
  /** Until its end, the next leader is waited for. */
  #grace: TimeLimit | undefined;

  constructor(
    private readonly view: LeaderView,
    private readonly clock: Clock,
  ) {
    this.#beganAt = clock.now().monotonic;
  }

  /** The waiter met a holder. @param remaining ms until the holder's session should have ended */
  metHolder(remaining: number): void {
    this.#holder = new TimeLimit(this.clock, remaining);
  }

  /** ms for which the holder is in the way; undefined if the waiter met none. */
  get holderLeft(): number | undefined {
    return this.#holder?.left;
  }

  /** The leader does not answer. Later calls do not prolong the grace. */
  beginGrace(): void {
    this.#grace ??= new TimeLimit(this.clock, GRACE);
  }

  /** A leader answers. */
  endGrace(): void {
    this.#grace = undefined;
  }

  /** ms for which an election goes first. 0: a leader is known, or none has been elected for long. */
  get electionLeft(): number {
    if (this.view.current) return 0;
    const since = this.view.leaderlessSince ?? this.#beganAt;
    return Math.max(0, since + GRACE - this.clock.now().monotonic);
  }

  /** ms. Undefined: the waiter may ask at once, and nothing is known to be in the way. */
  get left(): number | undefined {
    if (!this.#holder && !this.#grace && this.electionLeft === 0) return undefined;
    return Math.max(this.#holder?.left ?? 0, this.#grace?.left ?? 0, this.electionLeft);
  }
}
