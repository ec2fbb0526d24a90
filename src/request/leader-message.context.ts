import { HedgeContext, patternOf, ReplyDeadline } from '../handlers/index.js';
import type { LeaderRequest } from './leader.routes.js';

/** Users' messages travel under this prefix, apart from the library's own. */
export const LEADER_ROUTE = 'leader:';

/** The context of a leader handler, and the term it runs in. */
export class LeaderMessageContext extends HedgeContext {
  readonly term: LeaderRequest['term'];
  readonly caller: LeaderRequest['caller'];

  constructor({ caller, term, timeout }: LeaderRequest) {
    super(caller.id, term.token, patternOf(caller, LEADER_ROUTE), signalOf);
    this.term = term;
    this.caller = caller;
    const deadline = new ReplyDeadline(timeout);
    function signalOf(): AbortSignal {
      // The timeout of a stream is for its beginning.
      if (caller.stream) return AbortSignal.any([term.signal, caller.signal]);
      return deadline.signal(term.signal, caller.signal);
    }
  }
}
