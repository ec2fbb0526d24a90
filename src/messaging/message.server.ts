import { Logger } from '@nestjs/common';
import type { ServerTCP } from '@nestjs/microservices';
import { isObservable, lastValueFrom, type Observable } from 'rxjs';
import type { TlsOptions } from 'node:tls';
import { HedgeError } from '../errors/index.js';
import { DEFAULT_SOCKET_LIMITS, hedgeSocketClass, type SocketLimits } from './hedge.socket.js';
import type { MemberIdentity } from './member.identity.js';
import { describeFailure, encodeFailure, encodeReply } from './message.codec.js';
import {
  ALREADY_LISTENING,
  CANNOT_LISTEN,
  DUPLICATE_PREFIX,
  DUPLICATE_ROUTE,
  HANDLER_UNKNOWN_ERROR,
  NO_HANDLER,
} from './messages.js';
import type { RequestPacket } from './protocol.js';
import { TcpServer, type RemoteMember } from './tcp.server.js';

/** The member a request came from. */
export interface Caller {
  /** Its `host:port`. */
  readonly id: string;
  readonly instanceId: string;
  /** Sent by this member to itself. */
  readonly isSelf: boolean;
  readonly route: string;
}

/**
 * Answers the requests of one route. Of an Observable the last value is the reply. What it throws reaches
 * the caller: a `HedgeError` as it is, an RPC payload as HANDLER_ERROR, any other `Error` masked and logged.
 */
export type MessageHandler = (data: unknown, caller: Caller) => unknown;

export interface MessageServerOptions {
  readonly limits?: Partial<SocketLimits>;
  readonly tlsOptions?: TlsOptions;
  /** How long a new connection may take to greet, in ms. @default 5,000 */
  readonly helloTimeout?: number;
}

/** Answers the requests of other members, and those of this member to itself. */
export class MessageServer {
  readonly #logger = new Logger('HedgeServer');
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #unmatched = new Map<string, MessageHandler>();
  readonly #maxFrameLength: number;
  readonly #tcp: TcpServer;
  #isListening = false;

  constructor(
    private readonly identity: MemberIdentity,
    options: MessageServerOptions = {},
  ) {
    this.#maxFrameLength = options.limits?.maxFrameLength ?? DEFAULT_SOCKET_LIMITS.maxFrameLength;
    this.#tcp = new TcpServer(
      identity,
      {
        socketClass: hedgeSocketClass(options.limits),
        helloTimeout: options.helloTimeout ?? 5_000,
        ...(options.tlsOptions && { tlsOptions: options.tlsOptions }),
      },
      (packet, from, reply) => this.answer(packet, from, false, reply),
    );
  }

  /** Nest's side of the server: what instrumentation hooks into. */
  get transport(): ServerTCP {
    return this.#tcp;
  }

  /** @throws HedgeError INVALID_HANDLER when the route has a handler. */
  handle(route: string, handler: MessageHandler): void {
    if (this.#handlers.has(route)) throw new HedgeError('INVALID_HANDLER', DUPLICATE_ROUTE(route));
    this.#handlers.set(route, handler);
  }

  /**
   * Handles every route that begins with `prefix` and has no handler of its own; the longest prefix wins.
   *
   * @throws HedgeError INVALID_HANDLER when the prefix has a handler.
   */
  handleUnmatched(prefix: string, handler: MessageHandler): void {
    if (this.#unmatched.has(prefix)) {
      throw new HedgeError('INVALID_HANDLER', DUPLICATE_PREFIX(prefix));
    }
    this.#unmatched.set(prefix, handler);
  }

  /**
   * Set `identity.id` as soon as it resolves: members that greet an empty id are turned away.
   *
   * @throws HedgeError INVALID_OPTIONS when the address cannot be bound.
   */
  async listen(address: { port: number; host: string }): Promise<{ port: number }> {
    if (this.#isListening) throw new HedgeError('INVALID_OPTIONS', ALREADY_LISTENING);
    const { port, host } = address;
    try {
      const bound = await this.#tcp.start(port, host);
      this.#isListening = true;
      return { port: bound };
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
      throw new HedgeError('INVALID_OPTIONS', CANNOT_LISTEN(host, port, code), { cause });
    }
  }

  /**
   * Stops listening and closes every connection. Handlers that run go on, and their replies go nowhere:
   * drain before.
   */
  close(): Promise<void> {
    this.#isListening = false;
    return this.#tcp.stop();
  }

  /**
   * Runs the handler of a request, and calls `reply` once with the packet that answers it. Never throws.
   *
   * @internal
   */
  answer(
    packet: RequestPacket,
    from: RemoteMember,
    isSelf: boolean,
    reply: (json: string) => void,
  ): void {
    const route = packet.pattern;
    const handler = this.#handlers.get(route) ?? this.#unmatchedOf(route);
    const succeed = (value: unknown) => reply(encodeReply(packet, value, this.#maxFrameLength));
    const fail = (error: unknown) => reply(this.#failureOf(packet, error));
    if (!handler) {
      fail(new HedgeError('NO_HANDLER', NO_HANDLER(this.identity.id, route)));
      return;
    }
    let result: unknown;
    try {
      result = handler(packet.data, { id: from.id, instanceId: from.instanceId, isSelf, route });
    } catch (error) {
      fail(error);
      return;
    }
    if (isPending(result)) settle(result).then(succeed, fail);
    else succeed(result);
  }

  #unmatchedOf(route: string): MessageHandler | undefined {
    let longest = '';
    let found: MessageHandler | undefined;
    for (const [prefix, handler] of this.#unmatched) {
      if (route.startsWith(prefix) && (!found || prefix.length > longest.length)) {
        longest = prefix;
        found = handler;
      }
    }
    return found;
  }

  #failureOf(packet: RequestPacket, error: unknown): string {
    const { failure, isMasked } = describeFailure(packet.pattern, error);
    if (isMasked) {
      const stack = error instanceof Error ? error.stack : undefined;
      this.#logger.error(HANDLER_UNKNOWN_ERROR(packet.pattern), stack);
    }
    return encodeFailure(packet, failure, this.#maxFrameLength);
  }
}

function isPending(result: unknown): result is PromiseLike<unknown> | Observable<unknown> {
  if (typeof result !== 'object' || result === null) return false;
  return typeof (result as { then?: unknown }).then === 'function' || isObservable(result);
}

/** Nest's pipeline gives a promise of an Observable; Observables that end without a value are `undefined`. */
async function settle(result: PromiseLike<unknown> | Observable<unknown>): Promise<unknown> {
  const value: unknown = isObservable(result) ? result : await result;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
}
