import { ClientTCP } from '@nestjs/microservices';
import type { ConnectionOptions } from 'node:tls';
import { HedgeSocket } from '../wire/hedge.socket.js';
import type { MemberIdentity } from '../wire/member.identity.js';
import {
  CLOSED_BY_PEER,
  CLOSED_BY_SELF,
  CONNECT_TIMEOUT,
  HELLO_NOT_UNDERSTOOD,
} from './client.messages.js';
import { OutgoingRequests, type StreamOptions } from './outgoing.requests.js';
import type { Clock } from '../../time/index.js';
import type { PeerStream } from './outgoing.stream.js';
import type { PendingRequest, RequestOptions } from './pending.requests.js';
import {
  HELLO_PACKET_ID,
  HELLO_ROUTE,
  isGoaway,
  isRecord,
  type Hello,
  type ReplyPacket,
  type RequestPacket,
} from '../wire/protocol.js';
import type { Network } from '../wire/network.js';
import { reasonOfDial } from '../security/tls.failure.js';

export interface PeerConnectionOptions {
  readonly socketClass: typeof HedgeSocket;
  readonly maxFrameLength: number;
  readonly maxPending?: number;
  readonly tlsOptions?: ConnectionOptions;
  readonly network?: Network;
  readonly clock: Clock;
  /** For the connection and the greeting together, in ms. */
  readonly connectTimeout: number;
  /** Closed when nothing was asked for so long, in ms. */
  readonly idleTimeout: number;
  /** Told when no new request should be made on this connection: it seems dead. */
  readonly onRetire: () => void;
  /** Told once, when it has ended. `wasLost`: it was open, and the other side or the network ended it. */
  readonly onEnd: (wasLost: boolean) => void;
}

/** Beyond it, requests wait here rather than in the socket: there they can still expire without being sent. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/**
 * One connection to one member, from dialling to closing; it is never dialled again. (A second `connect()`
 * of Nest's client right after a refused one answers with the old failure.)
 */
export class PeerConnection extends ClientTCP {
  readonly #requests: OutgoingRequests;
  /** Not sent yet: the greeting is not answered, or the socket is full. */
  readonly #unsent = new Set<PendingRequest>();
  #state: 'new' | 'greeting' | 'open' | 'closed' = 'new';
  #tcp: HedgeSocket | undefined;
  #failure: unknown;
  #connectTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #usedAt = 0;
  /** Replies received so far. */
  #received = 0;
  #isRetired = false;
  /** The instance id of the process at the other end, once it has said so. */
  #reached: unknown;

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
    const socket = () => this.#tcp;
    this.#requests = new OutgoingRequests({
      peer: peer.id,
      maxFrameLength: settings.maxFrameLength,
      maxPending: settings.maxPending,
      clock: settings.clock,
      get hasRoom() {
        return socket()?.hasRoom ?? false;
      },
      // So that instrumentation may attach its metadata.
      makePacket: (route, data) => this.createPacket(route, data),
      send: (request) => this.#sendInTurn(request),
      sendFrame: (json) => void socket()?.sendFrame(json),
      givenUp: (request, isExpired) => this.#giveUp(request, isExpired),
    });
  }

  /** Of the member at the other end. */
  get id(): string {
    return this.peer.id;
  }

  /** Whether this process may be at the other end. */
  mayReach(instanceId: string | undefined): boolean {
    return (this.#reached ?? instanceId) === (instanceId ?? this.#reached);
  }

  /** Begins to connect; requests made meanwhile wait for it. */
  dial(): void {
    const { connectTimeout } = this.settings;
    this.#state = 'greeting';
    this.#connectTimer = setTimeout(
      () => this.#end(CONNECT_TIMEOUT(connectTimeout)),
      connectTimeout,
    );
    void this.#connect();
  }

  request(route: string, data: unknown, options: RequestOptions): Promise<unknown> {
    return this.#requests.request(route, data, options);
  }

  /** Resolves when the other side has accepted it. */
  stream(route: string, data: unknown, options: StreamOptions): Promise<PeerStream> {
    return this.#requests.stream(route, data, options);
  }

  /**
   * The other side fell silent: its streams end, and new requests dial anew. Requests that wait for their reply keep
   * their chance.
   */
  abandon(): void {
    this.#requests.abandon();
    this.#retire();
  }

  /** Ends it from this side. */
  override close(): void {
    this.#end(CLOSED_BY_SELF);
  }

  override createSocket(): HedgeSocket {
    const { network, socketClass } = this.settings;
    const socket = network ? new socketClass(network.makeSocket()) : super.createSocket();
    if (!(socket instanceof HedgeSocket)) throw new TypeError('Expected a HedgeSocket');
    this.#tcp = socket;
    socket.netSocket.on('error', (error) => (this.#failure ??= error));
    socket.netSocket.on('close', () => this.#end(this.#closeReason(), this.#failure, true));
    socket.netSocket.on('drain', () => {
      this.#sendUnsent();
      this.#requests.wake();
    });
    return socket;
  }

  /** Replies come in one piece: no promise and no Observable stand between the frame and its caller. */
  override handleResponse(packet: ReplyPacket): Promise<void> {
    this.#received++;
    if (this.#state === 'greeting') this.#acceptGreeting(packet);
    else if (packet.id === undefined && isGoaway(packet)) this.#letGo(packet.goaway);
    else this.#receive(packet);
    this.#closeIfDone();
    return SETTLED;
  }

  /** Failures reach the callers of the requests; the log would say them twice. */
  override handleError(): void {}

  #receive(packet: ReplyPacket): void {
    const broken = this.#requests.receive(packet, this.#tcp?.messageLength ?? 0);
    if (broken !== undefined) this.#end(broken);
  }

  /** It reads no more of this connection, and closes it. What it has not read can be repeated elsewhere. */
  #letGo(lastId: number): void {
    this.settings.onRetire();
    this.#unsent.clear();
    this.#requests.letGo(lastId);
  }

  async #connect(): Promise<void> {
    try {
      await this.connect();
      this.#greet();
    } catch (error) {
      this.#failure ??= error;
      this.#end(this.#closeReason(), error);
    }
  }

  #greet(): void {
    if (this.#state !== 'greeting') return;
    const data: Hello = {
      ...this.self.protocol,
      group: this.self.group,
      store: this.self.store,
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
      const { message } = err;
      this.#end(typeof message === 'string' ? message.slice(0, 300) : HELLO_NOT_UNDERSTOOD);
    } else {
      clearTimeout(this.#connectTimer);
      this.#state = 'open';
      this.#reached = isRecord(response) ? response.instanceId : undefined;
      this.#armIdleTimer(this.settings.idleTimeout);
      this.#sendUnsent();
    }
  }

  #sendUnsent(): void {
    if (this.#state !== 'open') return;
    const requests = [...this.#unsent];
    this.#unsent.clear();
    for (const request of requests) this.#send(request);
  }

  #sendInTurn(request: PendingRequest): void {
    this.#usedAt = performance.now();
    if (this.#state === 'open' && this.#unsent.size === 0) this.#send(request);
    else this.#unsent.add(request);
  }

  #send(request: PendingRequest): void {
    const socket = this.#tcp;
    if (!socket || socket.waitingBytes > MAX_UNSENT_BYTES) {
      this.#unsent.add(request);
    } else if (socket.sendFrame(request.json)) {
      request.isSent = true;
      request.sentAfter = this.#received;
    }
    // Else the socket is closed already: its 'close' event comes next, and tells this request apart.
  }

  /**
   * When a request expired and nothing at all arrived since it left, the host may be gone without a word, and
   * TCP would take minutes to say so. The next request dials anew and fails fast; those on their way keep
   * their chance here.
   */
  #giveUp(request: PendingRequest, isExpired: boolean): void {
    // What was not sent yet never leaves.
    this.#unsent.delete(request);
    if (isExpired && request.isSent && request.sentAfter === this.#received) this.#retire();
    this.#closeIfDone();
  }

  #retire(): void {
    if (this.#isRetired || this.#state === 'closed') return;
    this.#isRetired = true;
    this.settings.onRetire();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#requests.isEmpty) this.close();
  }

  #armIdleTimer(delay: number): void {
    if (delay === Infinity) return;
    this.#idleTimer = setTimeout(() => {
      const rest = this.#usedAt + this.settings.idleTimeout - performance.now();
      if (this.#requests.isEmpty && rest <= 0) this.close();
      else this.#armIdleTimer(Math.max(rest, this.settings.idleTimeout / 4));
    }, delay).unref();
  }

  #end(reason: string, cause?: unknown, wasClosedByPeer = false): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#unsent.clear();
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#idleTimer);
    this.#requests.end(reason, cause);
    this.#tcp?.netSocket.destroy();
    this.settings.onEnd(wasOpen && wasClosedByPeer);
  }

  #closeReason(): string {
    const { tlsOptions } = this.settings;
    const reason =
      this.#state === 'greeting' && reasonOfDial(this.#failure, tlsOptions !== undefined);
    if (reason) return reason;
    return this.#failure === undefined ? CLOSED_BY_PEER : reasonOf(this.#failure);
  }
}

const SETTLED = Promise.resolve();

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
