import { NoAnswerError, type Attempt } from './spanner.attempt.js';
import { NO_SESSION_FREE } from './spanner.messages.js';

/** Makes and ends sessions on the server. */
export interface SessionSource {
  create(attempt: Attempt): Promise<string>;
  /** Best effort, in the background. */
  delete(session: string): void;
}

/**
 * The sessions of one kind of call. Spanner runs one transaction at a time in a session, so a call has one to
 * itself; those that wait for one are served in order, what is urgent before all others.
 *
 * @internal
 */
export class SessionPool {
  /** The one used last comes first: the others grow old and are forgotten by the server. */
  readonly #idle: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(
    private readonly source: SessionSource,
    size: number,
    private readonly database: string,
  ) {
    this.#free = size;
  }

  async take(attempt: Attempt): Promise<string> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(attempt);
    const idle = this.#idle.pop();
    if (idle) return idle;
    try {
      return await this.source.create(attempt);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  give(session: string): void {
    this.#idle.push(session);
    this.#release();
  }

  /** For a session in an unknown state: whatever it still holds on the server ends with it. */
  drop(session: string): void {
    this.source.delete(session);
    this.#release();
  }

  /** After the server lost a session it has most likely lost them all. */
  forgetIdle(): string[] {
    return this.#idle.splice(0);
  }

  async #turn(attempt: Attempt): Promise<void> {
    let granted = false;
    let grant!: () => void;
    const turn = new Promise<void>((resolve) => {
      grant = () => {
        granted = true;
        resolve();
      };
    });
    if (attempt.isUrgent) this.#waiting.unshift(grant);
    else this.#waiting.push(grant);
    try {
      await attempt.settle(turn);
    } catch (error) {
      // Both may happen in the same tick.
      if (granted) this.#release();
      else this.#waiting.splice(this.#waiting.indexOf(grant), 1);
      if (!(error instanceof NoAnswerError)) throw error;
      throw new NoAnswerError(
        this.database,
        attempt.timeout,
        NO_SESSION_FREE(this.database, attempt.timeout),
      );
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
