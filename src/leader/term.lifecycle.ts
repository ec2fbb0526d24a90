import type { Logger } from '@nestjs/common';
import { NO_SIGTERM_LISTENER, TERM_LOST } from './leader.messages.js';
import type { HeldTerms, Term } from '../lock/index.js';
import type { LossReason } from '../session/index.js';
import type { ElectionListener } from './election.js';
import type { HedgeEvents } from './hedge.events.js';
import type { LeadershipHooks } from './leadership.hooks.js';
import { leadershipOf, type Leadership } from './leadership.js';
import type { TermScope } from './term.scope.js';

/** A room that does something in each term as leader. */
export interface TermListener {
  began?(term: Term): void;
  /** Awaited before the lock is given back. */
  ended(term: Term): Promise<void>;
}

export interface TermLifecycleParts {
  readonly held: HeldTerms;
  readonly events: HedgeEvents;
  readonly hooks: LeadershipHooks;
  readonly scope: TermScope;
  /** ms that the app's hooks have at the end of a term */
  readonly drainTimeout: number;
  readonly logger: Logger;
  /** Tells the other members that the lock is free. */
  readonly announceRelease: () => Promise<void>;
}

/** Begins and ends each term as leader in this process: rooms, hooks and events, in this order. */
export class TermLifecycle implements ElectionListener {
  readonly #terms = new WeakMap<Leadership, Term>();
  readonly #leaderships = new WeakMap<Term, Leadership>();
  readonly #listeners: TermListener[] = [];
  #newest: Leadership | undefined;
  #hasWarned = false;

  constructor(private readonly parts: TermLifecycleParts) {}

  register(listener: TermListener): void {
    this.#listeners.push(listener);
  }

  /** The newest leadership of this member, even if it is over. */
  get newest(): Leadership | undefined {
    return this.#newest;
  }

  /** The term behind a `Leadership` that this member gave to the app. */
  termOf(leadership: Leadership): Term | undefined {
    return this.#terms.get(leadership);
  }

  /** The `Leadership` that this member gave to the app for one of its terms. */
  leadershipOf(term: Term): Leadership | undefined {
    return this.#leaderships.get(term);
  }

  gained(term: Term): void {
    const { events, held, hooks, scope } = this.parts;
    const leadership = leadershipOf(term.token, term.signal);
    this.#terms.set(leadership, term);
    this.#leaderships.set(term, leadership);
    this.#newest = leadership;
    held.add(term);
    for (const listener of this.#listeners) listener.began?.(term);
    // Before the event, as its subscribers may step down: a hook that opens something must run before the hook that
    // closes it.
    scope.run(term, () => hooks.gained(leadership));
    events.emit({ type: 'leadership.gained', leadership });
    this.#warnOnce();
  }

  async lost(term: Term, reason: LossReason): Promise<void> {
    const { drainTimeout, events, hooks, logger, scope } = this.parts;
    // The app or its shutdown asked for the other reasons: they need no warning.
    if (reason !== 'stepped-down' && reason !== 'shutdown') logger.warn(TERM_LOST(reason));
    events.emit({ type: 'leadership.lost', reason, token: term.token });
    const listeners = this.#listeners.map((listener) => listener.ended(term));
    // In the scope of the ended term, so that a put in a hook fails at once: there can be no leader before the hook
    // ends.
    const lost = scope.run(term, () => hooks.lost(reason, drainTimeout));
    await Promise.all([...listeners, lost]);
  }

  released(): Promise<void> {
    return this.parts.announceRelease();
  }

  /** Without a listener SIGTERM ends the process at once, and the group waits a whole lease for a leader. */
  #warnOnce(): void {
    if (this.#hasWarned || process.listenerCount('SIGTERM') > 0) return;
    this.#hasWarned = true;
    this.parts.logger.warn(NO_SIGTERM_LISTENER);
  }
}
