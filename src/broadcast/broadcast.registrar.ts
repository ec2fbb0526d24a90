import { HedgeError } from '../errors/index.js';
import {
  type DiscoveredHandler,
  type HandlerFactory,
  HedgeContext,
  invokeBounded,
  lastReply,
  LEAVING,
  patternOf,
  type PatternRegistry,
  ReplyDeadline,
  type RunningHandlers,
} from '../handlers/index.js';
import {
  type Caller,
  MALFORMED_REQUEST,
  type MessageHandler,
  type MessageServer,
  type MessageTracing,
} from '../messaging/index.js';
import {
  BROADCAST_ROUTE,
  isBroadcastEnvelope,
  type BroadcastEnvelope,
} from './broadcast.envelope.js';
import { BROADCAST_CUT_SHORT, NO_BROADCAST_HANDLER } from './broadcast.messages.js';
import { BROADCAST } from './on-broadcast.decorator.js';

export interface BroadcastRegistrarParts {
  readonly registry: PatternRegistry;
  readonly factory: HandlerFactory;
  readonly server: MessageServer;
  readonly running: RunningHandlers;
  readonly tracing: MessageTracing;
  readonly inheritAppConfig: boolean;
  /** The id of this member. */
  readonly self: () => string;
  /** The token of the newest term that this member knows of. */
  readonly newestToken: () => bigint;
}

/** Mounts the app's `@OnBroadcast()` methods on their routes. */
export class BroadcastRegistrar {
  constructor(private readonly parts: BroadcastRegistrarParts) {}

  /** @throws HedgeError `INVALID_HANDLER` */
  register(): void {
    const { registry, server } = this.parts;
    for (const { handler, patterns } of registry.add(BROADCAST)) {
      const answer = this.#answerOf(handler);
      for (const pattern of patterns) {
        if (pattern === null) server.handleUnmatched(BROADCAST_ROUTE, answer);
        else server.handle(BROADCAST_ROUTE + pattern, answer);
      }
    }
    if (!registry.has(null)) this.#refuseTheRest();
  }

  #refuseTheRest(): void {
    const { server, self } = this.parts;
    server.handleUnmatched(BROADCAST_ROUTE, (_data, caller) => {
      const text = NO_BROADCAST_HANDLER(self(), patternOf(caller, BROADCAST_ROUTE));
      throw new HedgeError('NO_HANDLER', text);
    });
  }

  #answerOf(handler: DiscoveredHandler): MessageHandler {
    const { running, factory, tracing, inheritAppConfig } = this.parts;
    const pipelined = factory.create(
      handler,
      (invoke, context) => {
        // Nothing has been done yet, and guards and pipes may have taken a while.
        if (running.ended.aborted) throw this.#leaving();
        return invokeBounded(invoke, {
          signal: () => (context as HedgeContext).getSignal(),
          run: (fn) => fn(),
          cutShort: () =>
            new HedgeError(running.ended.aborted ? 'NOT_RUNNING' : 'TIMEOUT', BROADCAST_CUT_SHORT),
        });
      },
      { inheritAppConfig },
    );
    return (envelope, caller) => {
      if (!isBroadcastEnvelope(envelope)) {
        throw new HedgeError('INVALID_ARGUMENT', MALFORMED_REQUEST(caller.route));
      }
      if (running.isClosed) throw this.#leaving();
      const context = this.#contextOf(envelope, caller);
      const message = {
        kind: 'broadcast',
        pattern: patternOf(caller, BROADCAST_ROUTE),
        sender: caller.id,
      } as const;
      const answer = () => lastReply(pipelined, envelope.d, context);
      const causeOf = (error: unknown) => factory.thrownIn(context) ?? error;
      return running.track(tracing.handled(message, envelope.h).call(answer, causeOf));
    };
  }

  #contextOf({ w }: BroadcastEnvelope, caller: Caller): HedgeContext {
    const { running, newestToken } = this.parts;
    const deadline = new ReplyDeadline(w);
    const signal = () => deadline.signal(running.ended, caller.signal);
    return new HedgeContext(caller.id, newestToken(), patternOf(caller, BROADCAST_ROUTE), signal);
  }

  #leaving(): HedgeError {
    return new HedgeError('NOT_RUNNING', LEAVING(this.parts.self()));
  }
}
