import { Logger } from '@nestjs/common';
import { ServerTCP, TcpContext } from '@nestjs/microservices';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TlsOptions, TLSSocket } from 'node:tls';
import { refusalOfHandshake } from '../security/tls.failure.js';
import type { FrameSink } from '../wire/frame.sink.js';
import { FrameError, type HedgeSocket } from '../wire/hedge.socket.js';
import type { MemberIdentity, RemoteMember } from '../wire/member.identity.js';
import type { Network } from '../wire/network.js';
import {
  HELLO_ROUTE,
  isRequestPacket,
  MAX_HELLO_LENGTH,
  type ReplyPacket,
  type RequestPacket,
} from '../wire/protocol.js';
import { RefusalWarnings, type Refusal } from '../wire/refusal.js';
import { Arrivals, type ArrivalLimits } from './arrivals.js';
import { readGreeting } from './greeting.js';
import type { IncomingRequests } from './incoming.requests.js';
import { NOT_A_REQUEST, NOT_GREETED, TOO_MANY_CONNECTIONS } from './server.messages.js';

export interface TcpServerOptions extends ArrivalLimits {
  readonly socketClass: typeof HedgeSocket;
  readonly tlsOptions?: TlsOptions;
  readonly network?: Network;
  readonly maxConnections: number;
}

/** Makes the `IncomingRequests` of a connection that has greeted. */
type Accept = (from: RemoteMember, sink: FrameSink) => IncomingRequests;

interface Greeted {
  readonly socket: HedgeSocket;
  readonly requests: IncomingRequests;
}

type StartHook = Parameters<ServerTCP['setOnProcessingStartHook']>[0];

const NO_REQUEST: Refusal = { kind: 'bytes', text: NOT_A_REQUEST };
/** How long replies may take to leave when the server closes, in ms. */
const CLOSE_GRACE = 500;

/**
 * Nest's TCP server, with a greeting before any other frame. Nest's Observable, queue and promises do not stand between a
 * frame and its handler. Instrumentation hooks work as on any Nest server.
 */
export class TcpServer extends ServerTCP {
  protected override readonly logger = new Logger('HedgeServer');
  /** The open connections that have greeted. */
  readonly #connections = new Map<Socket, Greeted>();
  readonly #warnings = new RefusalWarnings(this.logger);
  readonly #arrivals: Arrivals;
  #hasStartHook = false;

  constructor(
    private readonly identity: MemberIdentity,
    private readonly settings: TcpServerOptions,
    private readonly accept: Accept,
  ) {
    super({
      socketClass: settings.socketClass,
      ...(settings.tlsOptions && { tlsOptions: settings.tlsOptions }),
    });
    const { maxConnections } = settings;
    this.#arrivals = new Arrivals(settings, (socket, refusal) => this.#refuse(socket, refusal));
    this.netServer.maxConnections = maxConnections;
    this.netServer.on('drop', (dropped) => {
      const text = TOO_MANY_CONNECTIONS(maxConnections);
      this.#warnings.warn(dropped?.remoteAddress, { kind: 'connections', text });
    });
    this.netServer.on('connection', (socket: Socket) => this.#arrivals.add(socket));
    this.netServer.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      const refusal = refusalOfHandshake(error, socket.authorizationError);
      if (refusal) this.#warnings.warn(socket.remoteAddress, refusal);
    });
  }

  get netServer(): Server {
    return this.server;
  }

  /** Resolves with the address that was bound; rejects with Node's error. */
  start(port: number, host: string): Promise<AddressInfo> {
    const { network } = this.settings;
    if (network) return network.listen(this.netServer, port, host);
    return new Promise((resolve, reject) => {
      this.netServer.once('error', reject);
      this.netServer.listen(port, host, () => {
        this.netServer.off('error', reject);
        resolve(this.netServer.address() as AddressInfo);
      });
    });
  }

  /** Stops listening, and resolves when no connection is open. */
  stop(): Promise<void> {
    this.isManuallyTerminated = true;
    return new Promise((resolve) => {
      // Node's error says that the server does not listen: that is as good as closed.
      this.netServer.close(() => resolve());
      this.#arrivals.close();
      for (const { requests, socket } of this.#connections.values()) {
        requests.leave();
        socket.shut(CLOSE_GRACE);
      }
    });
  }

  /** Ends the streams of a member. With `instanceId`, it ends those of that process only. */
  abandon(id: string, instanceId?: string): void {
    for (const { requests } of this.#connections.values()) {
      const { from } = requests;
      if (from.id === id && from.instanceId === (instanceId ?? from.instanceId)) requests.abandon();
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
    socket.limitReceived(MAX_HELLO_LENGTH);
    let requests: IncomingRequests | undefined;
    raw.once('close', () => {
      this.#connections.delete(raw);
      requests?.close();
    });
    raw.on('drain', () => requests?.wake());
    raw.on('error', (error) => {
      // Peers come and go; only bytes that are no message are worth a warning.
      if (error instanceof FrameError) this.#warn(raw, { kind: error.kind, text: error.message });
    });
    raw.on('message', (packet: object) => {
      if (requests) {
        this.#receive(socket, packet, requests);
      } else if (isRequestPacket(packet)) {
        const from = this.#greet(socket, packet);
        if (!from) return;
        requests = this.accept(from, socket);
        this.#connections.set(raw, { socket, requests });
      } else {
        this.#refuse(raw, NO_REQUEST);
      }
    });
  }

  /** Logs errors of the listening socket. Errors of `start()` reach its caller instead. */
  override handleError(error: string): void {
    if (this.netServer.listening) this.logger.error(error);
  }

  #receive(socket: HedgeSocket, packet: object, requests: IncomingRequests): void {
    const isHooked = this.#hasStartHook || this.onProcessingEndHook !== undefined;
    if (isHooked && isRequestPacket(packet)) {
      this.#receiveHooked(socket, packet, requests);
    } else if (!requests.receive(packet, socket.messageLength)) {
      this.#refuse(socket.netSocket, NO_REQUEST);
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
          this.#refuse(socket.netSocket, NO_REQUEST);
        }
      });
    this.onProcessingStartHook(this.transportId, context, receive);
  }

  #greet(socket: HedgeSocket, packet: RequestPacket): RemoteMember | undefined {
    if (packet.pattern !== HELLO_ROUTE) {
      this.#refuse(socket.netSocket, { kind: 'order', text: NOT_GREETED });
      return undefined;
    }
    const greeting = readGreeting(packet.data, this.identity);
    if ('refusal' in greeting) {
      this.#warn(socket.netSocket, greeting.refusal);
      const err = { code: 'CONNECTION_LOST', message: greeting.refusal.text };
      const reply: ReplyPacket = { id: packet.id, err, isDisposed: true };
      socket.sendLastFrame(JSON.stringify(reply));
      return undefined;
    }
    this.#arrivals.greeted(socket.netSocket);
    socket.limitReceived(Infinity);
    const reply: ReplyPacket = { id: packet.id, response: greeting.reply, isDisposed: true };
    socket.sendFrame(JSON.stringify(reply));
    return greeting.from;
  }

  #refuse(socket: Socket, refusal: Refusal): void {
    this.#warn(socket, refusal);
    socket.destroy();
  }

  #warn(socket: Socket, refusal: Refusal): void {
    this.#warnings.warn(socket.remoteAddress, refusal);
  }
}
