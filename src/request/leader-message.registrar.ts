import { isObservable, lastValueFrom, Observable } from 'rxjs';
import { onAbort } from '../abort.listeners.js';
import { HedgeError } from '../errors/index.js';
import { DUPLICATE_HANDLER, NO_LEADER_HANDLER } from '../hedge.messages.js';
import type { TermScope } from '../leader/index.js';
import type { Term } from '../lock/index.js';
import {
  HedgeContext,
  type DiscoveredHandler,
  type HandlerExplorer,
  type HandlerFactory,
} from '../messaging/index.js';
import type { LeaderHandler, LeaderRequest, LeaderRoutes } from './leader.routes.js';
import { LEADER_MESSAGE, type LeaderMessageMetadata } from './on-leader-message.decorator.js';

const OBSERVABLE_CUT_SHORT =
  'The Observable of the handler had not completed when its caller gave up or its term ended: it was unsubscribed.';

/** ms */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Users' messages travel under this prefix, apart from the library's own. */
export const LEADER_ROUTE = 'leader:';

/** Puts the app's `@OnLeaderMessage()` methods behind their routes. */
export class LeaderMessageRegistrar {
  readonly #registered = new Map<string | null, DiscoveredHandler>();

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly factory: HandlerFactory,
    private readonly routes: LeaderRoutes,
    private readonly scope: TermScope,
    private readonly inheritAppConfig: boolean,
  ) {}

  /** @throws HedgeError `INVALID_HANDLER` */
  register(): void {
    const found = this.explorer.explore<LeaderMessageMetadata[]>(LEADER_MESSAGE);
    for (const handler of found) {
      const answer = this.#leaderHandler(handler);
      for (const { route } of handler.metadata) this.#registerOne(route, handler, answer);
    }
    if (!this.#registered.has(null)) this.#refuseTheRest();
  }

  /** On the leader only: another member may be of a newer version, and lead by now. */
  #refuseTheRest(): void {
    this.routes.handleUnmatched(LEADER_ROUTE, ({ caller }) => {
      throw new HedgeError('NO_HANDLER', NO_LEADER_HANDLER(patternOf(caller)));
    });
  }

  /**
   * Runs an Observable in the term, as the method was, and no longer than anybody waits for it: until the caller has
   * given up or the term is over, which it is after the drain of a shutdown at the latest.
   */
  #bounded(source: Observable<unknown>, term: Term, signal: AbortSignal): Observable<unknown> {
    return new Observable((subscriber) => {
      const stop = () => {
        const code = term.isHeld() ? 'TIMEOUT' : 'NOT_LEADER';
        subscriber.error(new HedgeError(code, OBSERVABLE_CUT_SHORT));
      };
      if (signal.aborted) {
        stop();
        return;
      }
      subscriber.add(onAbort(signal, stop));
      subscriber.add(this.scope.run(term, () => source.subscribe(subscriber)));
    });
  }

  #registerOne(route: string | null, handler: DiscoveredHandler, answer: LeaderHandler): void {
    const other = this.#registered.get(route);
    if (other) {
      const text = DUPLICATE_HANDLER('@OnLeaderMessage', route, nameOf(other), nameOf(handler));
      throw new HedgeError('INVALID_HANDLER', text);
    }
    this.#registered.set(route, handler);
    if (route === null) this.routes.handleUnmatched(LEADER_ROUTE, answer);
    else this.routes.handle(LEADER_ROUTE + route, answer);
  }

  #leaderHandler(handler: DiscoveredHandler): LeaderHandler {
    const pipelined = this.factory.create(
      handler,
      (invoke, context) => {
        const { term } = context as LeaderMessageContext;
        // The last moment at which nothing has been done yet: guards and pipes may have taken their time.
        if (!term.isHeld()) throw this.routes.refusal();
        const result = this.scope.run(term, invoke);
        const end = () => (context as LeaderMessageContext).getSignal();
        if (isObservable(result)) return this.#bounded(result, term, end());
        if (!(result instanceof Promise)) return result;
        return result.then((value: unknown) =>
          isObservable(value) ? this.#bounded(value, term, end()) : value,
        );
      },
      { inheritAppConfig: this.inheritAppConfig },
    );
    // The handler's last value is the reply, and it runs until then: a shutdown waits for it.
    return async (request) => {
      const reply = await pipelined(request.data, new LeaderMessageContext(request));
      return lastValueFrom(reply, { defaultValue: undefined });
    };
  }
}

class LeaderMessageContext extends HedgeContext {
  readonly term: LeaderRequest['term'];
  /** Kept here, for what `AbortSignal.any()` makes does not keep it. */
  #timeout: AbortSignal | undefined;

  constructor({ caller, term, timeout }: LeaderRequest) {
    // From the arrival of the message: guards and pipes take their part of the time too.
    const until = performance.now() + timeout;
    super(caller.id, term.token, patternOf(caller), () => {
      const left = Math.ceil(until - performance.now());
      this.#timeout =
        left > 0 ? AbortSignal.timeout(Math.min(left, LONGEST_TIMEOUT)) : AbortSignal.abort();
      return AbortSignal.any([term.signal, this.#timeout]);
    });
    this.term = term;
  }
}

function patternOf({ route }: LeaderRequest['caller']): string {
  return route.slice(LEADER_ROUTE.length);
}

function nameOf({ instance, methodName }: DiscoveredHandler): string {
  return `${instance.constructor.name}.${methodName}`;
}
