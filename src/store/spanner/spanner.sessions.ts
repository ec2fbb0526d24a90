import { Attempt } from './spanner.attempt.js';
import type { SpannerConnection } from './spanner.connection.js';
import { isDefinite, isSessionLost } from './spanner.failure.js';
import { SessionPool } from './spanner.session-pool.js';

/** A session that a call uses alone. */
export interface SpannerSession {
  readonly name: string;
  /** Work that must succeed before the session can serve the next call. */
  unfinished?: Promise<unknown>;
}

/**
 * `lease` serves leadership and locks, and `log` serves reads of users, which may be many. They are apart, so that a
 * thousand waiting reads never delay a renewal. Together they stay below the 100 streams of a gRPC connection.
 */
export type SessionKind = 'lease' | 'log';
const SESSIONS = { lease: 32, log: 32 } as const;

/** ms for background work: rollbacks, and the deletion of sessions. */
const BACKGROUND_TIMEOUT = 2_000;

/**
 * Lends sessions to calls, and replaces those the server has lost.
 *
 * @internal
 */
export class SpannerSessions {
  readonly #pools: Record<SessionKind, SessionPool>;
  readonly #deletions = new Set<Promise<unknown>>();
  /** Lives longer than the signal of the store, because a closing store deletes its sessions. */
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
   * Runs `work` in its own session. If the server has lost that session, nothing was done, and `work` runs again in a
   * new session.
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

  /** The limits of background work. */
  backgroundAttempt(): Attempt {
    const call = { timeout: BACKGROUND_TIMEOUT };
    return new Attempt(call, this.connection.target.name.path, this.#background.signal);
  }

  /** Deletes idle sessions, for at most `ms`. */
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

  /** A call may still run in the session. The emulator crashes then, but it drops sessions itself. */
  #deleteUsed(name: string): void {
    if (!this.connection.target.isEmulator) this.#delete(name);
  }

  #delete(name: string): void {
    const deletion: Promise<unknown> = this.connection
      .call('deleteSession', { name }, this.backgroundAttempt())
      // The server drops it after an hour anyway.
      .catch(() => undefined)
      .finally(() => this.#deletions.delete(deletion));
    this.#deletions.add(deletion);
  }
}
