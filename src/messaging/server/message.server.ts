import { Logger } from '@nestjs/common';
import type { ServerTCP } from '@nestjs/microservices';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { HedgeError } from '../../errors/index.js';
import type { FrameSink } from '../wire/frame.sink.js';
import {
  DEFAULT_SOCKET_LIMITS,
  hedgeSocketClass,
  type SocketLimits,
} from '../wire/hedge.socket.js';
import type { MemberIdentity, RemoteMember } from '../wire/member.identity.js';
import { describeFailure, encodeFailure } from '../wire/message.codec.js';
import type { Network } from '../wire/network.js';
import { MAX_PENDING, type RequestPacket } from '../wire/protocol.js';
import { IncomingRequests } from './incoming.requests.js';
import type { MessageHandler, RequestServer } from './request.server.js';
import {
  ALREADY_LISTENING,
  CANNOT_LISTEN,
  DUPLICATE_PREFIX,
  DUPLICATE_ROUTE,
  HANDLER_UNKNOWN_ERROR,
} from './server.messages.js';
import { TcpServer } from './tcp.server.js';

export interface MessageServerOptions {
  readonly limits?: Partial<SocketLimits>;
  readonly tlsOptions?: TlsOptions;
  /** @default TCP */
  readonly network?: Network;
  /** How long a connection may take to greet, in ms. @default 5,000 */
  readonly helloTimeout?: number;
  /** How many connections may be open that have not greeted. One more closes the oldest. @default 256 */
  readonly maxStrangers?: number;
  /** How many connections may be open at the same time. More are refused. @default 4,096 */
  readonly maxConnections?: number;
  /** How many requests of one connection are answered at the same time. @default 65,536 */
  readonly maxPending?: number;
}

/** Answers the requests of other members, and the requests of this member to itself. */
export class MessageServer implements RequestServer {
  readonly #logger = new Logger('HedgeServer');
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #unmatched = new Map<string, MessageHandler>();
  /** @internal */
  readonly maxFrameLength: number;
  /** @internal */
  readonly maxPending: number;
  readonly #tcp: TcpServer;
  #isListening = false;

  constructor(
    private readonly identity: MemberIdentity,
    options: MessageServerOptions = {},
  ) {
    this.maxFrameLength = options.limits?.maxFrameLength ?? DEFAULT_SOCKET_LIMITS.maxFrameLength;
    this.maxPending = options.maxPending ?? MAX_PENDING;
    this.#tcp = new TcpServer(
      identity,
      {
        socketClass: hedgeSocketClass(options.limits),
        helloTimeout: options.helloTimeout ?? 5_000,
        maxStrangers: options.maxStrangers ?? 256,
        maxConnections: options.maxConnections ?? 4_096,
        ...(options.tlsOptions && { tlsOptions: options.tlsOptions }),
        ...(options.network && { network: options.network }),
      },
      (from, sink) => this.accept(from, false, sink),
    );
  }

  /** The server as Nest knows it, where instrumentation sets its hooks. */
  get transport(): ServerTCP {
    return this.#tcp;
  }

  /** @throws HedgeError INVALID_HANDLER when the route has a handler. */
  handle(route: string, handler: MessageHandler): void {
    if (this.#handlers.has(route)) throw new HedgeError('INVALID_HANDLER', DUPLICATE_ROUTE(route));
    this.#handlers.set(route, handler);
  }

  /**
   * Handles every route that begins with `prefix` and has no handler of its own. The longest prefix wins.
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
   * Resolves with the address that was bound. Set `identity.id` as soon as it resolves: a greeting is refused while the id
   * is empty.
   *
   * @throws HedgeError INVALID_OPTIONS when the address cannot be bound.
   */
  async listen(address: { port: number; host: string }): Promise<AddressInfo> {
    if (this.#isListening) throw new HedgeError('INVALID_OPTIONS', ALREADY_LISTENING);
    const { port, host } = address;
    try {
      const bound = await this.#tcp.start(port, host);
      this.#isListening = true;
      return bound;
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
      throw new HedgeError('INVALID_OPTIONS', CANNOT_LISTEN(host, port, code), { cause });
    }
  }

  /**
   * Stops listening and closes every connection. Running handlers go on, and their replies are dropped: let them finish
   * before.
   */
  close(): Promise<void> {
    this.#isListening = false;
    return this.#tcp.stop();
  }

  /**
   * Ends the streams of a member that fell silent. A connection may seem open long after its host is gone.
   * @param instanceId of the silent process, where it is known: another process may have its address by now
   */
  abandon(id: string, instanceId?: string): void {
    this.#tcp.abandon(id, instanceId);
  }

  /**
   * Answers the requests of one connection.
   *
   * @internal
   */
  accept(from: RemoteMember, isSelf: boolean, sink: FrameSink): IncomingRequests {
    return new IncomingRequests(from, isSelf, this, sink);
  }

  /** @internal */
  get id(): string {
    return this.identity.id;
  }

  /** @internal */
  handlerOf(route: string): MessageHandler | undefined {
    return this.#handlers.get(route) ?? this.#unmatchedOf(route);
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

  /** @internal */
  failureOf(packet: RequestPacket, error: unknown): string {
    const { failure, isMasked, stack } = describeFailure(packet.pattern, error);
    if (isMasked) this.#logger.error(HANDLER_UNKNOWN_ERROR(packet.pattern), stack);
    return encodeFailure(packet, failure, this.maxFrameLength);
  }
}
