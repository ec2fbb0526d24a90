import { NoAnswerError, type Attempt } from './spanner.attempt.js';
import { NO_SESSION_FREE } from './spanner.messages.js';

/** Creates and deletes sessions on the server. */
export interface SessionSource {
  create(attempt: Attempt): Promise<string>;
  /** Best effort, in the background. */
  delete(session: string): void;
}

/**
 * The sessions for a kind of call. Spanner runs a single transaction at a time in a session, so each call gets its own
 * session. Waiting calls get sessions in their order, urgent calls first.
 *
 * @internal
 */
export class SessionPool {
  /** The session that was used last comes first. The server drops the others when they are old. */
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
    else await this.#wait(attempt);
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

  /** Ends a session in an unknown state, and with it everything that it still holds on the server. */
  drop(session: string): void {
    this.source.delete(session);
    this.#release();
  }

  /** When the server has lost a session, it has probably lost all of them. */
  forgetIdle(): string[] {
    return this.#idle.splice(0);
  }

  async #wait(attempt: Attempt): Promise<void> {
    let granted = false;
    let grant!: () => void;
    const freed = new Promise<void>((resolve) => {
      grant = () => {
        granted = true;
        resolve();
      };
    });
    if (attempt.isUrgent) this.#waiting.unshift(grant);
    else this.#waiting.push(grant);
    try {
      await attempt.settle(freed);
    } catch (error) {
      // Both can happen in the same tick.
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
