import type { Logger } from '@nestjs/common';
import type { HeldTerms, Term } from '../lock/index.js';
import type { LossReason } from '../session/index.js';
import type { ElectionListener } from './election.js';
import type { HedgeEvents } from './hedge.events.js';
import { NO_SIGTERM_LISTENER, TERM_LOST } from './leader.messages.js';
import type { LeadershipHooks } from './leadership.hooks.js';
import { leadershipOf, type Leadership } from './leadership.js';
import type { TermScope } from './term.scope.js';

/** Rooms that do something per term as leader. */
export interface TermListener {
  began?(term: Term): void;
  /** Awaited before the lock is given back. */
  ended(term: Term): Promise<void>;
}

/** What happens in this process when it begins and stops to lead. */
export class Terms implements ElectionListener {
  readonly #terms = new WeakMap<Leadership, Term>();
  readonly #leaderships = new WeakMap<Term, Leadership>();
  readonly #listeners: TermListener[] = [];
  #leadership: Leadership | undefined;
  #warned = false;

  constructor(
    private readonly held: HeldTerms,
    private readonly events: HedgeEvents,
    private readonly hooks: LeadershipHooks,
    private readonly scope: TermScope,
    private readonly drainTimeout: number,
    private readonly logger: Logger,
    /** Tells the other members that the lock is free. */
    private readonly announceRelease: () => Promise<void>,
  ) {}

  register(listener: TermListener): void {
    this.#listeners.push(listener);
  }

  /** The newest leadership of this member, over or not. */
  get newest(): Leadership | undefined {
    return this.#leadership;
  }

  /** The term behind a `Leadership` that this member was given. */
  termOf(leadership: Leadership): Term | undefined {
    return this.#terms.get(leadership);
  }

  /** What this member was given of a term of its own, over or not. */
  leadershipOf(term: Term): Leadership | undefined {
    return this.#leaderships.get(term);
  }

  gained(term: Term): void {
    const leadership = leadershipOf(term.token, term.signal);
    this.#terms.set(leadership, term);
    this.#leaderships.set(term, leadership);
    this.#leadership = leadership;
    this.held.add(term);
    for (const listener of this.#listeners) listener.began?.(term);
    // Before the event, whose subscribers may step down: a hook that opens something must not come after the one that
    // closes it.
    this.scope.run(term, () => this.hooks.gained(leadership));
    this.events.emit({ type: 'leadership.gained', leadership });
    this.#warnOnce();
  }

  async lost(term: Term, reason: LossReason): Promise<void> {
    // Only what nobody asked for is worth a line.
    if (reason !== 'stepped-down' && reason !== 'shutdown') this.logger.warn(TERM_LOST(reason));
    this.events.emit({ type: 'leadership.lost', reason, token: term.token });
    const listeners = this.#listeners.map((listener) => listener.ended(term));
    // In the scope of the term that is over: a put in a hook fails at once, rather than wait for a leader that there
    // cannot be before the hook ends.
    const hooks = this.scope.run(term, () => this.hooks.lost(reason, this.drainTimeout));
    await Promise.all([...listeners, hooks]);
  }

  released(): Promise<void> {
    return this.announceRelease();
  }

  /** Without a listener SIGTERM ends the process at once, and the group waits a whole lease for a leader. */
  #warnOnce(): void {
    if (this.#warned || process.listenerCount('SIGTERM') > 0) return;
    this.#warned = true;
    this.logger.warn(NO_SIGTERM_LISTENER);
  }
}
