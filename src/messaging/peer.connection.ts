import { ClientTCP } from '@nestjs/microservices';
import type { ConnectionOptions } from 'node:tls';
import { HedgeSocket } from './hedge.socket.js';
import type { MemberIdentity } from './member.identity.js';
import { encodeRequest } from './message.codec.js';
import {
  CLOSED_BEFORE_HELLO,
  CLOSED_BY_SELF,
  CONNECT_TIMEOUT,
  HELLO_NOT_UNDERSTOOD,
} from './messages.js';
import { PendingRequests, type PendingRequest, type RequestOptions } from './pending.requests.js';
import {
  HELLO_PACKET_ID,
  HELLO_ROUTE,
  MIN_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type Hello,
  type ReplyPacket,
  type RequestPacket,
} from './protocol.js';

export interface PeerConnectionOptions {
  readonly socketClass: typeof HedgeSocket;
  readonly maxFrameLength: number;
  readonly tlsOptions?: ConnectionOptions;
  /** For the connection and the greeting together, in ms. */
  readonly connectTimeout: number;
  /** Closed when nothing was asked for so long, in ms. */
  readonly idleTimeout: number;
  /** Told once, when this connection is of no more use. `wasLost`: it was open, and the other side ended it. */
  readonly onClose: (wasLost: boolean) => void;
}

/** Beyond it, requests wait here rather than in the socket: there they can still expire without being sent. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/**
 * One connection to one member, from dialling to closing; it is never dialled again. (A second `connect()`
 * of Nest's client right after a refused one answers with the old failure.)
 */
export class PeerConnection extends ClientTCP {
  readonly #pending: PendingRequests;
  /** Not sent yet: the greeting is not answered, or the socket is full. */
  #unsent: PendingRequest[] = [];
  #state: 'new' | 'greeting' | 'open' | 'closed' = 'new';
  #tcp: HedgeSocket | undefined;
  #failure: unknown;
  #connectTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #usedAt = 0;

  constructor(
    private readonly self: MemberIdentity,
    private readonly peer: { id: string; host: string; port: number },
    private readonly settings: PeerConnectionOptions,
  ) {
    super({
      host: peer.host,
      port: peer.port,
      socketClass: settings.socketClass,
      ...(settings.tlsOptions && { tlsOptions: settings.tlsOptions }),
    });
    this.#pending = new PendingRequests(peer.id);
  }

  /** Begins to connect; requests made meanwhile wait for it. */
  dial(): void {
    const { connectTimeout } = this.settings;
    this.#state = 'greeting';
    this.#connectTimer = setTimeout(
      () => this.#end(CONNECT_TIMEOUT(connectTimeout)),
      connectTimeout,
    );
    this.connect().then(
      () => this.#greet(),
      (error: unknown) => this.#end(reasonOf(error), error),
    );
  }

  request(route: string, data: unknown, options: RequestOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#pending.nextId();
      // Through `createPacket`, so that instrumentation may attach its metadata.
      const packet: RequestPacket = Object.assign(this.createPacket(route, data), { id });
      const json = encodeRequest(packet, this.settings.maxFrameLength);
      this.#usedAt = performance.now();
      const request = this.#pending.add(id, route, json, options, { resolve, reject });
      if (this.#state === 'open' && this.#unsent.length === 0) this.#send(request);
      else this.#unsent.push(request);
    });
  }

  /** Ends it from this side. */
  override close(): void {
    this.#end(CLOSED_BY_SELF);
  }

  override createSocket(): HedgeSocket {
    const socket = super.createSocket();
    if (!(socket instanceof HedgeSocket)) throw new TypeError('Expected a HedgeSocket');
    this.#tcp = socket;
    socket.netSocket.on('error', (error) => (this.#failure ??= error));
    socket.netSocket.on('close', () => this.#end(this.#closeReason(), this.#failure, true));
    socket.netSocket.on('drain', () => this.#sendUnsent());
    return socket;
  }

  /** Replies come in one piece: no promise and no Observable stand between the frame and its caller. */
  override handleResponse(packet: ReplyPacket): Promise<void> {
    if (this.#state === 'greeting') this.#acceptGreeting(packet);
    else this.#pending.settle(packet);
    return SETTLED;
  }

  /** Failures reach the callers of the requests; the log would say them twice. */
  override handleError(): void {}

  #greet(): void {
    if (this.#state !== 'greeting') return;
    const data: Hello = {
      version: PROTOCOL_VERSION,
      minVersion: MIN_PROTOCOL_VERSION,
      group: this.self.group,
      instanceId: this.self.instanceId,
      from: this.self.id,
      to: this.peer.id,
    };
    const packet: RequestPacket = { id: HELLO_PACKET_ID, pattern: HELLO_ROUTE, data };
    this.#tcp?.sendFrame(JSON.stringify(packet));
  }

  #acceptGreeting({ id, err, response }: ReplyPacket): void {
    if (id !== HELLO_PACKET_ID || (!err && typeof response !== 'object')) {
      this.#end(HELLO_NOT_UNDERSTOOD);
    } else if (err) {
      this.#end(typeof err.message === 'string' ? err.message : HELLO_NOT_UNDERSTOOD);
    } else {
      clearTimeout(this.#connectTimer);
      this.#state = 'open';
      this.#armIdleTimer(this.settings.idleTimeout);
      this.#sendUnsent();
    }
  }

  #sendUnsent(): void {
    if (this.#state !== 'open') return;
    const requests = this.#unsent;
    this.#unsent = [];
    for (const request of requests) {
      // What expired or was aborted meanwhile never leaves.
      if (!request.isSettled) this.#send(request);
    }
  }

  #send(request: PendingRequest): void {
    const socket = this.#tcp;
    if (!socket || socket.waitingBytes > MAX_UNSENT_BYTES) {
      this.#unsent.push(request);
    } else if (socket.sendFrame(request.json)) {
      request.isSent = true;
    }
    // Else the socket is closed already: its 'close' event comes next, and tells this request apart.
  }

  #armIdleTimer(delay: number): void {
    if (delay === Infinity) return;
    this.#idleTimer = setTimeout(() => {
      const rest = this.#usedAt + this.settings.idleTimeout - performance.now();
      if (this.#pending.size === 0 && rest <= 0) this.close();
      else this.#armIdleTimer(Math.max(rest, this.settings.idleTimeout / 4));
    }, delay).unref();
  }

  #end(reason: string, cause?: unknown, wasClosedByPeer = false): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#unsent = [];
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#idleTimer);
    this.settings.onClose(wasOpen && wasClosedByPeer);
    this.#pending.rejectAll(reason, cause);
    this.#tcp?.netSocket.destroy();
  }

  #closeReason(): string {
    return this.#failure === undefined ? CLOSED_BEFORE_HELLO : reasonOf(this.#failure);
  }
}

const SETTLED = Promise.resolve();

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
