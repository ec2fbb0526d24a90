import { LEAVING } from '../handlers/index.js';
import { CALLERS_TERM_IS_OVER } from './leader.messages.js';
import { HedgeError } from '../errors/index.js';
import type { RunningHandlers } from '../handlers/index.js';
import type { Term } from '../lock/index.js';
import type { Election } from './election.js';
import type { LeaderCheck } from './leader.check.js';
import type { TermScope } from './term.scope.js';

/**
 * Runs the leader's own work, which no message asked for: `@LeaderOnly()` methods, crons. A shutdown waits for it too.
 */
export class LeaderWork {
  constructor(
    private readonly election: Pick<Election, 'term'>,
    private readonly scope: TermScope,
    private readonly running: RunningHandlers,
    private readonly check: Pick<LeaderCheck, 'leader' | 'refusal' | 'self'>,
  ) {}

  /** The term in which new work may run. A member that shuts down has none. */
  get term(): Term | undefined {
    return this.running.isClosed ? undefined : this.election.term;
  }

  /**
   * The term in which the calling code may start work. Code that belongs to an ended term may start none in the next
   * term: another member may have led in between.
   */
  get callersTerm(): Term | undefined {
    const { term } = this;
    const { current = term } = this.scope;
    return current === term ? term : undefined;
  }

  /** Runs the work in this term: what it puts is bound to the term. */
  run<R>(term: Term, work: () => R): R {
    return this.running.track(this.scope.run(term, work));
  }

  /** Why no work runs here now: `NOT_LEADER`, `NOT_RUNNING`. */
  refusal(): HedgeError {
    const { check } = this;
    if (this.term) return new HedgeError('NOT_LEADER', CALLERS_TERM_IS_OVER);
    if (this.election.term) return new HedgeError('NOT_RUNNING', LEAVING(check.self));
    return check.refusal(check.leader);
  }
}
