import { ClientTCP } from '@nestjs/microservices';
import type { ConnectionOptions } from 'node:tls';
import { reasonOfDial } from '../security/tls.failure.js';
import type { FrameSink } from '../wire/frame.sink.js';
import { HedgeSocket } from '../wire/hedge.socket.js';
import type { MemberIdentity } from '../wire/member.identity.js';
import type { Network } from '../wire/network.js';
import {
  HELLO_PACKET_ID,
  HELLO_ROUTE,
  isRecord,
  type Hello,
  type ReplyPacket,
  type RequestPacket,
  type UnnumberedPacket,
} from '../wire/protocol.js';
import {
  CLOSED_BY_PEER,
  CLOSED_BY_SELF,
  CONNECT_TIMEOUT,
  HELLO_NOT_UNDERSTOOD,
} from './client.messages.js';

/** The address at which a member is dialled. */
export interface PeerAddress {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

export interface PeerLinkOptions {
  readonly socketClass: typeof HedgeSocket;
  readonly maxFrameLength: number;
  readonly tlsOptions?: ConnectionOptions;
  readonly network?: Network;
  /** How long connecting and greeting may take together, in ms. */
  readonly connectTimeout: number;
}

/** Is told when something happens to a link. */
export interface PeerLinkListener {
  /** The other side has accepted the greeting: frames can leave. */
  opened(): void;
  /** @param length of the frame, in UTF-16 units */
  received(packet: ReplyPacket, length: number): void;
  /** All that waited to leave has left. */
  drained(): void;
  /** Called once. @param wasLost the link was open, and the other side or the network closed it */
  ended(reason: string, cause: unknown, wasLost: boolean): void;
}

/**
 * Carries frames to one member and back: it dials, greets, and is open until it ends. It dials once. (A second
 * `connect()` of Nest's client right after a refused one answers with the old failure.)
 */
export class PeerLink extends ClientTCP implements FrameSink {
  #state: 'new' | 'greeting' | 'open' | 'closed' = 'new';
  #hedgeSocket: HedgeSocket | undefined;
  #failure: unknown;
  #connectTimer: NodeJS.Timeout | undefined;
  #reached: unknown;

  constructor(
    private readonly self: MemberIdentity,
    private readonly peer: PeerAddress,
    private readonly settings: PeerLinkOptions,
    private readonly listener: PeerLinkListener,
  ) {
    super({
      host: peer.host,
      port: peer.port,
      socketClass: settings.socketClass,
      ...(settings.tlsOptions && { tlsOptions: settings.tlsOptions }),
    });
  }

  get maxFrameLength(): number {
    return this.settings.maxFrameLength;
  }

  get waitingBytes(): number {
    return this.#state === 'open' && this.#hedgeSocket ? this.#hedgeSocket.waitingBytes : Infinity;
  }

  /** Made by Nest's client, so that instrumentation can attach its metadata. */
  makePacket(route: string, data: unknown): UnnumberedPacket {
    return this.createPacket(route, data);
  }

  sendFrame(json: string): boolean {
    return this.#hedgeSocket?.sendFrame(json) ?? false;
  }

  /** The instance id of the process at the other end, once it has accepted the greeting. */
  get reached(): unknown {
    return this.#reached;
  }

  dial(): void {
    const { connectTimeout } = this.settings;
    this.#state = 'greeting';
    this.#connectTimer = setTimeout(
      () => this.end(CONNECT_TIMEOUT(connectTimeout)),
      connectTimeout,
    );
    void this.#connect();
  }

  override close(): void {
    this.end(CLOSED_BY_SELF);
  }

  /** Closes it from this side. */
  end(reason: string, cause?: unknown): void {
    this.#end(reason, cause, false);
  }

  override createSocket(): HedgeSocket {
    const { network, socketClass } = this.settings;
    const socket = network ? new socketClass(network.makeSocket()) : super.createSocket();
    if (!(socket instanceof HedgeSocket)) throw new TypeError('Expected a HedgeSocket');
    this.#hedgeSocket = socket;
    socket.netSocket.on('error', (error) => (this.#failure ??= error));
    socket.netSocket.on('close', () => this.#end(this.#closeReason(), this.#failure, true));
    socket.netSocket.on('drain', () => this.listener.drained());
    return socket;
  }

  /** Called by Nest's client with each frame. No promise and no Observable stand between a frame and its caller. */
  override handleResponse(packet: ReplyPacket): Promise<void> {
    if (this.#state === 'greeting') this.#acceptGreeting(packet);
    else this.listener.received(packet, this.#hedgeSocket?.messageLength ?? 0);
    return SETTLED;
  }

  /** Failures reach the callers of the requests, so the log need not repeat them. */
  override handleError(): void {}

  async #connect(): Promise<void> {
    try {
      await this.connect();
      this.#greet();
    } catch (error) {
      this.#failure ??= error;
      this.end(this.#closeReason(), error);
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
    this.#hedgeSocket?.sendFrame(JSON.stringify(packet));
  }

  #acceptGreeting({ id, err, response }: ReplyPacket): void {
    if (id !== HELLO_PACKET_ID || (!err && typeof response !== 'object')) {
      this.end(HELLO_NOT_UNDERSTOOD);
    } else if (err) {
      const { message } = err;
      this.end(typeof message === 'string' ? message.slice(0, 300) : HELLO_NOT_UNDERSTOOD);
    } else {
      clearTimeout(this.#connectTimer);
      this.#state = 'open';
      this.#reached = isRecord(response) ? response.instanceId : undefined;
      this.listener.opened();
    }
  }

  #end(reason: string, cause: unknown, wasClosedByPeer: boolean): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    clearTimeout(this.#connectTimer);
    this.#hedgeSocket?.netSocket.destroy();
    this.listener.ended(reason, cause, wasOpen && wasClosedByPeer);
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
