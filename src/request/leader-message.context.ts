import { HedgeContext, patternOf, ReplyDeadline } from '../handlers/index.js';
import type { LeaderRequest } from './leader.routes.js';

/** The prefix of the app's messages, which tells them from the library's own. */
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
      // The timeout of a stream counts only until it begins.
      if (caller.stream) return AbortSignal.any([term.signal, caller.signal]);
      return deadline.signal(term.signal, caller.signal);
    }
  }
}
