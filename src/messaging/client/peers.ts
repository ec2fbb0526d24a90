import type { ConnectionOptions } from 'node:tls';
import { HedgeError } from '../../errors/index.js';
import { SystemClock, type Clock } from '../../time/index.js';
import { parsePeerAddress } from '../wire/address.js';
import {
  DEFAULT_SOCKET_LIMITS,
  hedgeSocketClass,
  type HedgeSocket,
  type SocketLimits,
} from '../wire/hedge.socket.js';
import type { MemberIdentity } from '../wire/member.identity.js';
import { encodeData, type EncodedData } from '../wire/message.codec.js';
import type { MessageServer } from '../server/message.server.js';
import type { Network } from '../wire/network.js';
import { NO_PEER_ADDRESS, PEERS_CLOSED } from './client.messages.js';
import type { StreamOptions } from './outgoing.requests.js';
import type { PeerStream } from './outgoing.stream.js';
import { OwnConnection } from './own.connection.js';
import { PeerConnection } from './peer.connection.js';
import { PeerUnreachableError } from './peer.errors.js';
import { abortedError, type RequestOptions } from './pending.requests.js';

/** The app's messages have a connection of their own, so that a large one never delays a heartbeat. */
export type PeerChannel = 'user' | 'system';

export interface PeerRequestOptions extends RequestOptions {
  /** @default 'user' */
  readonly channel?: PeerChannel;
}

export type PeerStreamOptions = PeerRequestOptions & StreamOptions;

export interface PeersOptions {
  readonly limits?: Partial<SocketLimits>;
  readonly tlsOptions?: ConnectionOptions;
  /** @default TCP */
  readonly network?: Network;
  /** Timeouts of requests go by it. @default the clock of the process */
  readonly clock?: Clock;
  /** How many requests may wait for their replies, per member and channel. @default 65,536 */
  readonly maxPending?: number;
  /** How long connecting and greeting may take, in ms. A request may time out earlier. @default 2,000 */
  readonly connectTimeout?: number;
  /**
   * How long a connection may be without a request before it is closed, in ms.
   * @default 60,000 for 'user', never for 'system': when that connection ends, the peer is gone
   */
  readonly idleTimeout?: Partial<Record<PeerChannel, number>>;
}

/** Called when the peer or the network closes a connection that was open. */
export type PeerCloseListener = (id: string, channel: PeerChannel) => void;

type Connection = PeerConnection | OwnConnection;

const DEFAULT_IDLE_TIMEOUT: Record<PeerChannel, number> = { user: 60_000, system: Infinity };

/**
 * Sends requests to other members and to this one. A connection opens with its first request and closes when idle.
 *
 * A request goes from here to `PeerConnection`, `OutgoingRequests`, `PeerLink` and `HedgeSocket`. At the other member it
 * arrives in `TcpServer`, `IncomingRequests` and its handler. The reply takes the same way back.
 */
export class Peers {
  /** Connections for new requests, by channel and member. */
  readonly #connections = new Map<string, PeerConnection>();
  /** Those, and retired connections that still wait for replies. */
  readonly #open = new Set<PeerConnection>();
  readonly #closeListeners = new Set<PeerCloseListener>();
  readonly #socketClass: typeof HedgeSocket;
  readonly #maxFrameLength: number;
  readonly #idleTimeout: Record<PeerChannel, number>;
  readonly #own: OwnConnection;
  readonly #clock: Clock;
  #isClosed = false;

  constructor(
    private readonly identity: MemberIdentity,
    server: MessageServer,
    private readonly options: PeersOptions = {},
  ) {
    this.#socketClass = hedgeSocketClass(options.limits);
    this.#maxFrameLength = options.limits?.maxFrameLength ?? DEFAULT_SOCKET_LIMITS.maxFrameLength;
    this.#idleTimeout = { ...DEFAULT_IDLE_TIMEOUT, ...options.idleTimeout };
    this.#clock = options.clock ?? new SystemClock();
    this.#own = new OwnConnection({
      identity,
      server,
      clock: this.#clock,
      maxFrameLength: this.#maxFrameLength,
      maxPending: options.maxPending,
    });
  }

  /**
   * Sends a request to a member, and resolves with its reply.
   *
   * @throws PeerUnreachableError (CONNECTION_LOST, `sent` false) nothing was sent: safe to repeat.
   * @throws PeerLostError (CONNECTION_LOST, `sent` true) the outcome is unknown.
   * @throws HedgeError TIMEOUT, ABORTED, INVALID_ARGUMENT, PAYLOAD_TOO_LARGE, OVERLOADED, NOT_RUNNING, and
   * the errors of the handler at the other side.
   */
  request(id: string, route: string, data: unknown, options: PeerRequestOptions): Promise<unknown> {
    const ask = (connection: Connection) => connection.request(route, data, options);
    return this.#askOn(id, route, options, ask);
  }

  /**
   * Asks a member for many values, and resolves when the member accepts. After that `options.reader` gets the values and
   * the end of the stream. The timeout counts until the member accepts.
   * @throws as {@link request}
   */
  stream(
    id: string,
    route: string,
    data: unknown,
    options: PeerStreamOptions,
  ): Promise<PeerStream> {
    const ask = (connection: Connection) => connection.stream(route, data, options);
    return this.#askOn(id, route, options, ask);
  }

  /**
   * The member fell silent: streams from it end with CONNECTION_LOST, and the next request dials again. A connection may
   * seem open long after its host is gone. Requests that wait for a reply keep waiting.
   * @param instanceId of the silent process, where it is known: another process may have its address by now
   */
  abandon(id: string, instanceId?: string): void {
    for (const connection of this.#open) {
      if (connection.id === id && connection.mayReach(instanceId)) connection.abandon();
    }
  }

  /**
   * Encodes data once, for requests to many members on this route.
   * @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
   */
  encode(route: string, data: object): EncodedData {
    return encodeData(route, data, this.#maxFrameLength);
  }

  /** @returns a function that removes the listener */
  onClose(listener: PeerCloseListener): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /** Closes every connection. Pending requests reject. */
  close(): void {
    this.#isClosed = true;
    this.#own.close();
    for (const connection of this.#open) connection.close();
  }

  #askOn<R>(
    id: string,
    route: string,
    { channel = 'user', signal }: PeerRequestOptions,
    ask: (connection: Connection) => Promise<R>,
  ): Promise<R> {
    if (this.#isClosed) return Promise.reject(new HedgeError('NOT_RUNNING', PEERS_CLOSED));
    if (signal?.aborted) return Promise.reject(abortedError(id, route, signal));
    if (id === this.identity.id) return ask(this.#own);
    const connection = this.#connectionTo(id, channel);
    if (connection) return ask(connection);
    return Promise.reject(new PeerUnreachableError(id, NO_PEER_ADDRESS(id)));
  }

  #connectionTo(id: string, channel: PeerChannel): PeerConnection | undefined {
    const key = `${channel} ${id}`;
    const existing = this.#connections.get(key);
    if (existing) return existing;
    const address = parsePeerAddress(id);
    if (!address) return undefined;
    const { tlsOptions, network, maxPending, connectTimeout = 2_000 } = this.options;
    const connection = new PeerConnection(
      this.identity,
      { id, ...address },
      {
        socketClass: this.#socketClass,
        maxFrameLength: this.#maxFrameLength,
        maxPending,
        connectTimeout,
        idleTimeout: this.#idleTimeout[channel],
        ...(tlsOptions && { tlsOptions }),
        ...(network && { network }),
        clock: this.#clock,
        onRetire: () => this.#forget(key, connection),
        onEnd: (wasLost) => {
          this.#forget(key, connection);
          this.#open.delete(connection);
          if (wasLost) for (const listener of this.#closeListeners) listener(id, channel);
        },
      },
    );
    this.#connections.set(key, connection);
    this.#open.add(connection);
    connection.dial();
    return connection;
  }

  #forget(key: string, connection: PeerConnection): void {
    if (this.#connections.get(key) === connection) this.#connections.delete(key);
  }
}
