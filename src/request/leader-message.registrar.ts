import { onAbort } from '../abort.listeners.js';
import { HedgeError } from '../errors/index.js';
import type { TermScope } from '../leader/index.js';
import {
  HedgeStream,
  type CallerStream,
  type MessageTrace,
  type MessageTracing,
} from '../messaging/index.js';
import {
  invokeBounded,
  lastReply,
  type DiscoveredHandler,
  type HandlerBounds,
  type HandlerFactory,
  type MessageKind,
  type PatternRegistry,
  patternOf,
} from '../handlers/index.js';
import { LEADER_ROUTE, LeaderMessageContext } from './leader-message.context.js';
import type { LeaderHandler, LeaderRequest, LeaderRoutes } from './leader.routes.js';
import { LEADER_MESSAGE } from './on-leader-message.decorator.js';
import { LEADER_STREAM } from './on-leader-stream.decorator.js';
import {
  NO_LEADER_HANDLER,
  NO_STREAM_HANDLER,
  OBSERVABLE_CUT_SHORT,
  STREAM_TERM_ENDED,
} from './request.messages.js';

export interface LeaderMessageRegistrarParts {
  readonly registry: PatternRegistry;
  readonly factory: HandlerFactory;
  readonly routes: LeaderRoutes;
  readonly scope: TermScope;
  readonly tracing: MessageTracing;
  readonly inheritAppConfig: boolean;
}

/** Mounts the app's `@OnLeaderMessage()` and `@OnLeaderStream()` methods on their routes. */
export class LeaderMessageRegistrar {
  constructor(private readonly parts: LeaderMessageRegistrarParts) {}

  /** @throws HedgeError `INVALID_HANDLER` */
  register(): void {
    this.#registerAll(LEADER_MESSAGE, plainPayload);
    this.#registerAll(LEADER_STREAM, streamPayload);
    if (!this.parts.registry.has(null)) this.#refuseTheRest();
  }

  #registerAll(kind: MessageKind, payloadOf: (request: LeaderRequest) => unknown): void {
    const { registry, routes } = this.parts;
    for (const { handler, patterns } of registry.add(kind)) {
      const answer = this.#leaderHandler(handler, payloadOf);
      for (const pattern of patterns) {
        if (pattern === null) routes.handleUnmatched(LEADER_ROUTE, answer);
        else routes.handle(LEADER_ROUTE + pattern, answer);
      }
    }
  }

  /** Only the leader refuses: another member may be of a newer version with more handlers, and lead by now. */
  #refuseTheRest(): void {
    this.parts.routes.handleUnmatched(LEADER_ROUTE, ({ caller }) => {
      throw new HedgeError('NO_HANDLER', NO_LEADER_HANDLER(patternOf(caller, LEADER_ROUTE)));
    });
  }

  #leaderHandler(
    handler: DiscoveredHandler,
    payloadOf: (request: LeaderRequest) => unknown,
  ): LeaderHandler {
    const { factory, routes, inheritAppConfig } = this.parts;
    const pipelined = factory.create(
      handler,
      (invoke, context) => {
        const own = context as LeaderMessageContext;
        // Nothing has been done yet, and guards and pipes may have taken a while (CHECK-BEFORE-HANDLER).
        if (!own.term.isHeld()) throw routes.refusal();
        own.caller.stream?.accept();
        return invokeBounded(invoke, this.#boundsOf(own));
      },
      { inheritAppConfig },
    );
    return (request) => {
      const payload = payloadOf(request);
      const context = new LeaderMessageContext(request);
      const trace = this.#traceOf(request);
      const { stream } = request.caller;
      if (!stream) {
        const causeOf = (error: unknown) => factory.thrownIn(context) ?? error;
        return trace.call(() => lastReply(pipelined, payload, context), causeOf);
      }
      this.#endWithTerm(stream, request.term);
      stream.hold();
      void stream.closed.then(() => trace.end(factory.thrownIn(context)));
      return trace.run(() => pipelined(payload, context));
    };
  }

  #traceOf({ caller, headers }: LeaderRequest): MessageTrace {
    const kind = caller.stream ? 'stream' : 'send';
    return this.parts.tracing.handled(
      { kind, pattern: patternOf(caller, LEADER_ROUTE), sender: caller.id },
      headers,
    );
  }

  #boundsOf(context: LeaderMessageContext): HandlerBounds {
    const { term, caller } = context;
    const cutShort = () =>
      new HedgeError(term.isHeld() ? 'TIMEOUT' : 'NOT_LEADER', OBSERVABLE_CUT_SHORT);
    const run = <R>(fn: () => R) => this.parts.scope.run(term, fn);
    // A stream is torn down as a whole when its caller leaves or its term ends.
    if (caller.stream) return { run, cutShort, backpressure: caller.stream };
    // A shutdown ends it at the latest after the drain, with the term.
    return { run, cutShort, signal: () => context.getSignal() };
  }

  #endWithTerm(stream: CallerStream, { signal }: LeaderRequest['term']): void {
    const ignore = onAbort(signal, () => {
      const lost = stream.isAccepted && new HedgeError('CONNECTION_LOST', STREAM_TERM_ENDED);
      stream.fail(lost || this.parts.routes.refusal());
    });
    void stream.closed.then(ignore);
  }
}

function plainPayload({ data, caller }: LeaderRequest): unknown {
  if (!caller.stream?.input) return data;
  throw new HedgeError('NO_HANDLER', NO_STREAM_HANDLER(patternOf(caller, LEADER_ROUTE)));
}

function streamPayload({ data, caller }: LeaderRequest): HedgeStream<unknown> {
  return caller.stream?.input ?? HedgeStream.of(data);
}
