import { HedgeError } from '../errors/index.js';
import { NO_LEADER_HANDLER, OBSERVABLE_CUT_SHORT } from '../hedge.messages.js';
import type { TermScope } from '../leader/index.js';
import {
  HedgeContext,
  invokeBounded,
  lastReply,
  ReplyDeadline,
  type DiscoveredHandler,
  type HandlerFactory,
  type PatternHandlers,
} from '../messaging/index.js';
import type { LeaderHandler, LeaderRequest, LeaderRoutes } from './leader.routes.js';
import { LEADER_MESSAGE } from './on-leader-message.decorator.js';

/** Users' messages travel under this prefix, apart from the library's own. */
export const LEADER_ROUTE = 'leader:';

/** Puts the app's `@OnLeaderMessage()` methods behind their routes. */
export class LeaderMessageRegistrar {
  constructor(
    private readonly handlers: PatternHandlers,
    private readonly factory: HandlerFactory,
    private readonly routes: LeaderRoutes,
    private readonly scope: TermScope,
    private readonly inheritAppConfig: boolean,
  ) {}

  /** @throws HedgeError `INVALID_HANDLER` */
  register(): void {
    for (const { handler, patterns } of this.handlers.claim(LEADER_MESSAGE)) {
      const answer = this.#leaderHandler(handler);
      for (const pattern of patterns) {
        if (pattern === null) this.routes.handleUnmatched(LEADER_ROUTE, answer);
        else this.routes.handle(LEADER_ROUTE + pattern, answer);
      }
    }
    if (!this.handlers.has(null)) this.#refuseTheRest();
  }

  /** On the leader only: another member may be of a newer version, and lead by now. */
  #refuseTheRest(): void {
    this.routes.handleUnmatched(LEADER_ROUTE, ({ caller }) => {
      throw new HedgeError('NO_HANDLER', NO_LEADER_HANDLER(patternOf(caller)));
    });
  }

  #leaderHandler(handler: DiscoveredHandler): LeaderHandler {
    const pipelined = this.factory.create(
      handler,
      (invoke, context) => {
        const own = context as LeaderMessageContext;
        const { term } = own;
        // The last moment at which nothing has been done yet: guards and pipes may have taken their time.
        if (!term.isHeld()) throw this.routes.refusal();
        return invokeBounded(invoke, {
          // Over after the drain of a shutdown at the latest: the term ends with it.
          signal: () => own.getSignal(),
          run: (fn) => this.scope.run(term, fn),
          cutShort: () =>
            new HedgeError(term.isHeld() ? 'TIMEOUT' : 'NOT_LEADER', OBSERVABLE_CUT_SHORT()),
        });
      },
      { inheritAppConfig: this.inheritAppConfig },
    );
    return (request) => lastReply(pipelined, request.data, new LeaderMessageContext(request));
  }
}

class LeaderMessageContext extends HedgeContext {
  readonly term: LeaderRequest['term'];

  constructor({ caller, term, timeout }: LeaderRequest) {
    const deadline = new ReplyDeadline(timeout);
    super(caller.id, term.token, patternOf(caller), () =>
      deadline.signal(term.signal, caller.signal),
    );
    this.term = term;
  }
}

function patternOf({ route }: LeaderRequest['caller']): string {
  return route.slice(LEADER_ROUTE.length);
}
