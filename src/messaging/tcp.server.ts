import { Logger } from '@nestjs/common';
import { ServerTCP, TcpContext } from '@nestjs/microservices';
import type { Server, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { FrameError, type HedgeSocket } from './hedge.socket.js';
import type { MemberIdentity } from './member.identity.js';
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

/** The member at the other end of a connection, as its hello named it. */
export interface RemoteMember {
  readonly id: string;
  readonly instanceId: string;
}

export interface TcpServerOptions {
  readonly socketClass: typeof HedgeSocket;
  readonly tlsOptions?: TlsOptions;
  /** How long a new connection may take to greet, in ms. */
  readonly helloTimeout: number;
}

/** Answers a request: calls `reply` once, with JSON, now or later. */
type Answer = (packet: RequestPacket, from: RemoteMember, reply: (json: string) => void) => void;

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
  readonly #connections = new Map<Socket, HedgeSocket | undefined>();
  #hasStartHook = false;
  #warnedAt = -Infinity;

  constructor(
    private readonly identity: MemberIdentity,
    private readonly settings: TcpServerOptions,
    private readonly answer: Answer,
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
      for (const [raw, socket] of this.#connections) {
        if (socket) socket.shut(CLOSE_GRACE);
        else raw.destroy();
      }
    });
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
    this.#track(raw, socket);
    let from: RemoteMember | undefined;
    const helloTimer = setTimeout(
      () => this.#turnAway(raw, NO_GREETING_IN_TIME(this.settings.helloTimeout)),
      this.settings.helloTimeout,
    ).unref();
    raw.once('close', () => clearTimeout(helloTimer));
    raw.on('error', (error) => {
      // Peers that come and go are no news; bytes that are no message are.
      if (error instanceof FrameError) this.#warn(raw, error.message);
    });
    raw.on('message', (packet: unknown) => {
      if (!isRequestPacket(packet)) {
        this.#turnAway(raw, NOT_A_REQUEST);
      } else if (from) {
        this.#receive(socket, packet, from);
      } else {
        clearTimeout(helloTimer);
        from = this.#greet(socket, packet);
      }
    });
  }

  /** Errors of the listening socket; those of `listen()` reach its caller instead. */
  override handleError(error: string): void {
    if (this.netServer.listening) this.logger.error(error);
  }

  #receive(socket: HedgeSocket, packet: RequestPacket, from: RemoteMember): void {
    if (!this.#hasStartHook && !this.onProcessingEndHook) {
      this.answer(packet, from, (json) => socket.sendFrame(json));
      return;
    }
    const context = new TcpContext([socket, packet.pattern, packet.metadata]);
    this.onProcessingStartHook(
      this.transportId,
      context,
      () =>
        new Promise<void>((resolve) =>
          this.answer(packet, from, (json) => {
            socket.sendFrame(json);
            this.onProcessingEndHook?.(this.transportId, context);
            resolve();
          }),
        ),
    );
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

  #track(raw: Socket, socket?: HedgeSocket): void {
    if (!this.#connections.has(raw)) raw.once('close', () => this.#connections.delete(raw));
    this.#connections.set(raw, socket ?? this.#connections.get(raw));
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
