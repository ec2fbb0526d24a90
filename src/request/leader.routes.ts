import { HedgeError } from '../errors/index.js';
import { type Caller, MALFORMED_REQUEST, type MessageServer } from '../messaging/index.js';
import type { Election, LeaderView } from '../leader/index.js';
import type { Term } from '../lock/index.js';
import type { RunningHandlers } from '../handlers/index.js';
import { isEnvelope, refusalOf } from './leader.envelope.js';

/** A request that only the leader answers, as its handler there sees it. */
export interface LeaderRequest {
  readonly data: unknown;
  readonly caller: Caller;
  /** The term in which it is answered. */
  readonly term: Term;
  /** ms that the caller still waits. */
  readonly timeout: number;
  /** Headers to trace the message, as they arrived. */
  readonly headers?: unknown;
}

export type LeaderHandler = (request: LeaderRequest) => unknown;

export interface LeaderRoutesParts {
  readonly server: MessageServer;
  readonly election: Election;
  readonly view: LeaderView;
  readonly running: RunningHandlers;
  /** The id of this member. */
  readonly self: () => string;
}

/** Answers requests while this member leads, and refuses them otherwise: the refusal names the leader. */
export class LeaderRoutes {
  constructor(private readonly parts: LeaderRoutesParts) {}

  handle(route: string, handler: LeaderHandler): void {
    this.parts.server.handle(route, (data, caller) => this.#answer(data, caller, handler));
  }

  handleUnmatched(prefix: string, handler: LeaderHandler): void {
    this.parts.server.handleUnmatched(prefix, (data, caller) =>
      this.#answer(data, caller, handler),
    );
  }

  /** For requests that may run twice: a request that the end of the term interrupts goes on to the next leader. */
  handleIdempotent(route: string, handler: (request: LeaderRequest) => Promise<unknown>): void {
    this.handle(route, async (request) => {
      try {
        return await handler(request);
      } catch (error) {
        if (isCutShort(error, request.term)) throw this.refusal();
        throw error;
      }
    });
  }

  /**
   * For requests of the library itself: a leader that shuts down answers them until its term ends, and does not wait for
   * them.
   */
  handleUntilTermEnds(route: string, handler: LeaderHandler): void {
    this.parts.server.handle(route, (data, caller) => handler(this.#read(data, caller)));
  }

  /** The error that sends a caller to the leader that this member knows. Nothing was done. */
  refusal(): HedgeError {
    const self = this.parts.self();
    const { current } = this.parts.view;
    return refusalOf(self, current?.id === self ? undefined : current);
  }

  #answer(envelope: unknown, caller: Caller, handler: LeaderHandler): unknown {
    const { running } = this.parts;
    const request = this.#read(envelope, caller);
    if (running.isClosed) throw this.refusal();
    // The handler of a stream returns long before its values end.
    if (caller.stream) void running.track(caller.stream.closed);
    return running.track(handler(request));
  }

  #read(envelope: unknown, caller: Caller): LeaderRequest {
    if (!isEnvelope(envelope)) {
      throw new HedgeError('INVALID_ARGUMENT', MALFORMED_REQUEST(caller.route));
    }
    const { election } = this.parts;
    election.superseded(BigInt(envelope.t));
    const { term } = election;
    if (!term) throw this.refusal();
    return { data: envelope.d, caller, term, timeout: envelope.w, headers: envelope.h };
  }
}

function isCutShort(error: unknown, term: Term): boolean {
  if (!(error instanceof HedgeError)) return false;
  return error.code === 'NOT_LEADER' || (error.code === 'ABORTED' && !term.isHeld());
}
