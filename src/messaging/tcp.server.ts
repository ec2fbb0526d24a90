import { Logger } from '@nestjs/common';
import { ServerTCP, TcpContext } from '@nestjs/microservices';
import type { Server, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { FrameError, type HedgeSocket } from './hedge.socket.js';
import type { IncomingRequests, ReplyLink } from './incoming.requests.js';
import type { MemberIdentity, RemoteMember } from './member.identity.js';
import {
  HELLO_MALFORMED,
  HELLO_WRONG_GROUP,
  HELLO_WRONG_MEMBER,
  HELLO_WRONG_STORE,
  HELLO_WRONG_VERSION,
  NO_GREETING_IN_TIME,
  NOT_A_REQUEST,
  NOT_GREETED,
  TURNED_AWAY,
} from './messages.js';
import {
  commonVersion,
  HELLO_ROUTE,
  isHello,
  isRequestPacket,
  MIN_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type HelloReply,
  type ReplyPacket,
  type RequestPacket,
} from './protocol.js';

export interface TcpServerOptions {
  readonly socketClass: typeof HedgeSocket;
  readonly tlsOptions?: TlsOptions;
  /** How long a new connection may take to greet, in ms. */
  readonly helloTimeout: number;
}

/** Makes what answers the requests of a connection, once it has greeted. */
type Accept = (from: RemoteMember, link: ReplyLink) => IncomingRequests;

interface Greeted {
  readonly socket: HedgeSocket;
  readonly requests: IncomingRequests;
}

type StartHook = Parameters<ServerTCP['setOnProcessingStartHook']>[0];

const WARN_INTERVAL = 60_000;
/** How long a reply may still take to leave when the server closes, in ms. */
const CLOSE_GRACE = 500;

/**
 * Nest's TCP server, with a greeting before anything else, and without the Observable, the queue and the
 * promises between a frame and its handler. Instrumentation hooks work as on any Nest server.
 */
export class TcpServer extends ServerTCP {
  protected override readonly logger = new Logger('HedgeServer');
  /** Open connections; those that have greeted, with what answers them. */
  readonly #connections = new Map<Socket, Greeted | undefined>();
  #hasStartHook = false;
  #warnedAt = -Infinity;

  constructor(
    private readonly identity: MemberIdentity,
    private readonly settings: TcpServerOptions,
    private readonly accept: Accept,
  ) {
    super({
      socketClass: settings.socketClass,
      ...(settings.tlsOptions && { tlsOptions: settings.tlsOptions }),
    });
    // `close()` has to end connections in mid-handshake too: they have no socket of ours yet.
    this.netServer.on('connection', (socket: Socket) => this.#track(socket));
    this.netServer.on('tlsClientError', (error: Error, socket: Socket) =>
      this.#warn(socket, error.message),
    );
  }

  get netServer(): Server {
    return this.server;
  }

  /** Resolves with the port that was bound; rejects with Node's error. */
  start(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.netServer.once('error', reject);
      this.netServer.listen(port, host, () => {
        this.netServer.off('error', reject);
        const bound = this.netServer.address();
        resolve(typeof bound === 'object' && bound ? bound.port : port);
      });
    });
  }

  /** Resolves when nothing listens and no connection is open any more. */
  stop(): Promise<void> {
    this.isManuallyTerminated = true;
    return new Promise((resolve) => {
      // Not listening is as good as closed.
      this.netServer.close(() => resolve());
      for (const [raw, greeted] of this.#connections) {
        greeted?.requests.leave();
        if (greeted) greeted.socket.shut(CLOSE_GRACE);
        else raw.destroy();
      }
    });
  }

  /** Ends the streams of a member. */
  abandon(id: string): void {
    for (const greeted of this.#connections.values()) {
      if (greeted?.requests.from.id === id) greeted.requests.abandon();
    }
  }

  override close(): void {
    void this.stop();
  }

  override setOnProcessingStartHook(hook: StartHook): void {
    this.#hasStartHook = true;
    super.setOnProcessingStartHook(hook);
  }

  override bindHandler(raw: Socket): void {
    this.trackOpenSocket(raw);
    const socket = new this.settings.socketClass(raw);
    this.#track(raw);
    let requests: IncomingRequests | undefined;
    const helloTimer = setTimeout(
      () => this.#turnAway(raw, NO_GREETING_IN_TIME(this.settings.helloTimeout)),
      this.settings.helloTimeout,
    ).unref();
    raw.once('close', () => {
      clearTimeout(helloTimer);
      requests?.close();
    });
    raw.on('drain', () => requests?.wake());
    raw.on('error', (error) => {
      // Peers that come and go are no news; bytes that are no message are.
      if (error instanceof FrameError) this.#warn(raw, error.message);
    });
    raw.on('message', (packet: object) => {
      if (requests) {
        this.#receive(socket, packet, requests);
      } else if (isRequestPacket(packet)) {
        clearTimeout(helloTimer);
        const from = this.#greet(socket, packet);
        if (!from) return;
        requests = this.accept(from, socket);
        this.#connections.set(raw, { socket, requests });
      } else {
        this.#turnAway(raw, NOT_A_REQUEST);
      }
    });
  }

  /** Errors of the listening socket; those of `listen()` reach its caller instead. */
  override handleError(error: string): void {
    if (this.netServer.listening) this.logger.error(error);
  }

  #receive(socket: HedgeSocket, packet: object, requests: IncomingRequests): void {
    const isHooked = this.#hasStartHook || this.onProcessingEndHook !== undefined;
    if (isHooked && isRequestPacket(packet)) {
      this.#receiveHooked(socket, packet, requests);
    } else if (!requests.receive(packet, socket.messageLength)) {
      this.#turnAway(socket.netSocket, NOT_A_REQUEST);
    }
  }

  #receiveHooked(socket: HedgeSocket, packet: RequestPacket, requests: IncomingRequests): void {
    const context = new TcpContext([socket, packet.pattern, packet.metadata]);
    const receive = () =>
      new Promise<void>((resolve) => {
        const replied = () => {
          this.onProcessingEndHook?.(this.transportId, context);
          resolve();
        };
        if (!requests.receive(packet, socket.messageLength, replied)) {
          this.#turnAway(socket.netSocket, NOT_A_REQUEST);
        }
      });
    this.onProcessingStartHook(this.transportId, context, receive);
  }

  #greet(socket: HedgeSocket, packet: RequestPacket): RemoteMember | undefined {
    if (packet.pattern !== HELLO_ROUTE) {
      this.#turnAway(socket.netSocket, NOT_GREETED);
      return undefined;
    }
    const hello = packet.data;
    const refusal = this.#refusalOf(hello);
    if (refusal !== undefined || !isHello(hello)) {
      const message = refusal ?? HELLO_MALFORMED;
      this.#warn(socket.netSocket, message);
      const err = { code: 'CONNECTION_LOST', message };
      const reply: ReplyPacket = { id: packet.id, err, isDisposed: true };
      socket.sendLastFrame(JSON.stringify(reply));
      return undefined;
    }
    const { id, instanceId } = this.identity;
    const response: HelloReply = {
      version: commonVersion(hello) ?? PROTOCOL_VERSION,
      instanceId,
      id,
    };
    const reply: ReplyPacket = { id: packet.id, response, isDisposed: true };
    socket.sendFrame(JSON.stringify(reply));
    return { id: hello.from, instanceId: hello.instanceId };
  }

  #refusalOf(hello: unknown): string | undefined {
    if (!isHello(hello)) return HELLO_MALFORMED;
    if (commonVersion(hello) === undefined) {
      return HELLO_WRONG_VERSION(
        `${hello.minVersion}–${hello.version}`,
        `${MIN_PROTOCOL_VERSION}–${PROTOCOL_VERSION}`,
      );
    }
    if (hello.group !== this.identity.group) return HELLO_WRONG_GROUP(hello.group);
    if (hello.store !== this.identity.store) return HELLO_WRONG_STORE;
    if (hello.to !== this.identity.id) return HELLO_WRONG_MEMBER(hello.to, this.identity.id);
    return undefined;
  }

  #track(raw: Socket): void {
    if (this.#connections.has(raw)) return;
    raw.once('close', () => this.#connections.delete(raw));
    this.#connections.set(raw, undefined);
  }

  #turnAway(socket: Socket, reason: string): void {
    this.#warn(socket, reason);
    socket.destroy();
  }

  /** Anyone may knock on an open port, as often as they like: they must not fill the log. */
  #warn(socket: Socket, reason: string): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARN_INTERVAL) return;
    this.#warnedAt = now;
    this.logger.warn(TURNED_AWAY(socket.remoteAddress ?? 'an unknown address', reason));
  }
}
