import { Attempt } from './spanner.attempt.js';
import type { SpannerConnection } from './spanner.connection.js';
import { isDefinite, isSessionLost } from './spanner.failure.js';
import { SessionPool } from './spanner.session-pool.js';

/** A session while one call has it to itself. */
export interface SpannerSession {
  readonly name: string;
  /** What has to end well before the session may serve the next call. */
  unfinished?: Promise<unknown>;
}

/**
 * `lease` is what leadership and locks hang on; `log` is what users read, as many at once as they like. Apart, so
 * that a thousand reads in the queue never hold up a renewal. Together they stay below the 100 streams that one
 * gRPC connection takes.
 */
export type SessionKind = 'lease' | 'log';
const SESSIONS = { lease: 32, log: 32 } as const;

/** ms for what nobody waits for: rolling back, deleting sessions. */
const BACKGROUND_TIMEOUT = 2_000;

/**
 * Lends sessions to calls, and replaces those the server has lost.
 *
 * @internal
 */
export class SpannerSessions {
  readonly #pools: Record<SessionKind, SessionPool>;
  readonly #deletions = new Set<Promise<unknown>>();
  /** Outlives the store's own: sessions are also deleted while it closes. */
  readonly #background = new AbortController();

  constructor(private readonly connection: SpannerConnection) {
    const source = {
      create: (attempt: Attempt) => this.#create(attempt),
      delete: (session: string) => this.#deleteUsed(session),
    };
    const { path } = connection.target.name;
    this.#pools = {
      lease: new SessionPool(source, SESSIONS.lease, path),
      log: new SessionPool(source, SESSIONS.log, path),
    };
  }

  /**
   * Runs `work` in a session of its own. When the server turns out to have lost that session, nothing was done, and
   * `work` runs once more in a new one.
   */
  async use<T>(
    kind: SessionKind,
    attempt: Attempt,
    work: (session: SpannerSession) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#useOne(kind, attempt, work);
    } catch (error) {
      if (!isSessionLost(error)) throw error;
      this.#forgetIdle();
      return this.#useOne(kind, attempt, work);
    }
  }

  /** For what nobody waits for. */
  backgroundAttempt(): Attempt {
    const call = { timeout: BACKGROUND_TIMEOUT };
    return new Attempt(call, this.connection.target.name.path, this.#background.signal);
  }

  /** Deletes what is idle, for `ms` at most. */
  async close(ms: number): Promise<void> {
    this.#forgetIdle();
    const timer = setTimeout(() => this.#background.abort(), ms);
    await Promise.all(this.#deletions);
    clearTimeout(timer);
    this.#background.abort();
  }

  async #useOne<T>(
    kind: SessionKind,
    attempt: Attempt,
    work: (session: SpannerSession) => Promise<T>,
  ): Promise<T> {
    const pool = this.#pools[kind];
    const session: SpannerSession = { name: await pool.take(attempt) };
    try {
      const result = await work(session);
      this.#giveBack(pool, session, true);
      return result;
    } catch (error) {
      this.#giveBack(pool, session, isDefinite(error));
      throw error;
    }
  }

  #giveBack(pool: SessionPool, { name, unfinished }: SpannerSession, fit: boolean): void {
    if (unfinished) {
      unfinished.then(
        () => pool.give(name),
        () => pool.drop(name),
      );
    } else if (fit) pool.give(name);
    else pool.drop(name);
  }

  async #create(attempt: Attempt): Promise<string> {
    attempt.throwIfOver();
    const database = this.connection.target.name.path;
    const { name } = await this.connection.call(
      'createSession',
      { database, session: {} },
      attempt,
    );
    return name!;
  }

  #forgetIdle(): void {
    for (const pool of Object.values(this.#pools)) {
      for (const session of pool.forgetIdle()) this.#delete(session);
    }
  }

  /** A call may still run in it. The emulator dies of that (a segmentation fault), and forgets sessions by itself. */
  #deleteUsed(name: string): void {
    if (!this.connection.target.isEmulator) this.#delete(name);
  }

  #delete(name: string): void {
    const deletion: Promise<unknown> = this.connection
      .call('deleteSession', { name }, this.backgroundAttempt())
      // Left alone, the server drops it after an hour.
      .catch(() => undefined)
      .finally(() => this.#deletions.delete(deletion));
    this.#deletions.add(deletion);
  }
}
