import { HedgeError } from '../errors/index.js';
import { LEAVING, type RunningHandlers } from '../handlers/index.js';
import type { Term } from '../lock/index.js';
import type { Election } from './election.js';
import { CALLERS_TERM_IS_OVER } from './leader.messages.js';
import type { LeaderStanding } from './leader.standing.js';
import type { TermScope } from './term.scope.js';

/** What runs in a term of this member without a message that asked for it. A shutdown waits for it as for handlers. */
export class LeaderWork {
  constructor(
    private readonly election: Pick<Election, 'term'>,
    private readonly scope: TermScope,
    private readonly running: RunningHandlers,
    private readonly standing: Pick<LeaderStanding, 'leader' | 'refusal' | 'self'>,
  ) {}

  /** The term that something new may run in. None on a member that closes. */
  get term(): Term | undefined {
    return this.running.isClosed ? undefined : this.election.term;
  }

  /**
   * The same for what the running code calls: whatever belongs to a term already must not go on in the next one, as if
   * nobody had led in between.
   */
  get callersTerm(): Term | undefined {
    const { term } = this;
    const { current = term } = this.scope;
    return current === term ? term : undefined;
  }

  /** Runs it in that term: what it puts is bound to it. */
  run<R>(term: Term, work: () => R): R {
    return this.running.track(this.scope.run(term, work));
  }

  /** Why nothing runs here now: `NOT_LEADER`, `NOT_RUNNING`. */
  refusal(): HedgeError {
    const { standing } = this;
    if (this.term) return new HedgeError('NOT_LEADER', CALLERS_TERM_IS_OVER);
    if (this.election.term) return new HedgeError('NOT_RUNNING', LEAVING(standing.self));
    return standing.refusal(standing.leader);
  }
}
