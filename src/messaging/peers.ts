import { AsyncResource } from 'node:async_hooks';
import type { ConnectionOptions } from 'node:tls';
import { HedgeError } from '../errors/index.js';
import { parsePeerAddress } from './address.js';
import {
  DEFAULT_SOCKET_LIMITS,
  hedgeSocketClass,
  type HedgeSocket,
  type SocketLimits,
} from './hedge.socket.js';
import type { MemberIdentity } from './member.identity.js';
import { encodeData, encodeRequest, type EncodedData } from './message.codec.js';
import type { MessageServer } from './message.server.js';
import { CLOSED_BY_SELF, NO_PEER_ADDRESS, PEERS_CLOSED } from './messages.js';
import { PeerConnection } from './peer.connection.js';
import { PeerUnreachableError } from './peer.errors.js';
import { abortedError, PendingRequests, type RequestOptions } from './pending.requests.js';
import type { ReplyPacket, RequestPacket } from './protocol.js';

/** Users' messages travel apart from ours, so that a large one never delays a heartbeat. */
export type PeerChannel = 'user' | 'system';

export interface PeerRequestOptions extends RequestOptions {
  /** @default 'user' */
  readonly channel?: PeerChannel;
}

export interface PeersOptions {
  readonly limits?: Partial<SocketLimits>;
  readonly tlsOptions?: ConnectionOptions;
  /** For a connection and its greeting, in ms; a request's own timeout may end it earlier. @default 2,000 */
  readonly connectTimeout?: number;
  /**
   * A connection that nothing was asked on for so long is closed, in ms.
   * @default 60,000 for 'user', never for 'system': its end tells that the peer is gone
   */
  readonly idleTimeout?: Partial<Record<PeerChannel, number>>;
}

/** Told when a connection that was established is closed by the peer or the network. */
export type PeerCloseListener = (id: string, channel: PeerChannel) => void;

const DEFAULT_IDLE_TIMEOUT: Record<PeerChannel, number> = { user: 60_000, system: Infinity };

/** Carries requests to other members. Connections open with the first request and close when idle. */
export class Peers {
  /** What new requests take, by channel and member. */
  readonly #connections = new Map<string, PeerConnection>();
  /** These, and those that are retired but still wait for replies. */
  readonly #open = new Set<PeerConnection>();
  readonly #closeListeners = new Set<PeerCloseListener>();
  readonly #socketClass: typeof HedgeSocket;
  readonly #maxFrameLength: number;
  readonly #idleTimeout: Record<PeerChannel, number>;
  /** Requests of this member to itself. */
  readonly #own: PendingRequests;
  /** Handlers here know no more of their caller than those of other members: not its AsyncLocalStorage either. */
  readonly #outside = new AsyncResource('HedgePeers');
  #isClosed = false;

  constructor(
    private readonly identity: MemberIdentity,
    private readonly server: MessageServer,
    private readonly options: PeersOptions = {},
  ) {
    this.#socketClass = hedgeSocketClass(options.limits);
    this.#maxFrameLength = options.limits?.maxFrameLength ?? DEFAULT_SOCKET_LIMITS.maxFrameLength;
    this.#idleTimeout = { ...DEFAULT_IDLE_TIMEOUT, ...options.idleTimeout };
    this.#own = new PendingRequests('itself');
  }

  /**
   * Asks a member, and resolves with its reply.
   *
   * @throws PeerUnreachableError (CONNECTION_LOST, `sent` false) nothing left: safe to repeat.
   * @throws PeerLostError (CONNECTION_LOST, `sent` true) the outcome is unknown.
   * @throws HedgeError TIMEOUT, ABORTED, INVALID_ARGUMENT, PAYLOAD_TOO_LARGE, NOT_RUNNING, and whatever the
   * handler of the other side threw.
   */
  request(id: string, route: string, data: unknown, options: PeerRequestOptions): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new HedgeError('NOT_RUNNING', PEERS_CLOSED));
    if (options.signal?.aborted) return Promise.reject(abortedError(id, route, options.signal));
    if (id === this.identity.id) return this.#requestSelf(route, data, options);
    const connection = this.#connectionTo(id, options.channel ?? 'user');
    if (!connection) return Promise.reject(new PeerUnreachableError(id, NO_PEER_ADDRESS(id)));
    return connection.request(route, data, options);
  }

  /**
   * Makes data JSON once, for requests to many members on this route.
   * @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
   */
  encode(route: string, data: object): EncodedData {
    return encodeData(route, data, this.#maxFrameLength);
  }

  /** Returns what removes the listener again. */
  onClose(listener: PeerCloseListener): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /** Closes every connection; what is pending is rejected. */
  close(): void {
    this.#isClosed = true;
    this.#own.rejectAll(CLOSED_BY_SELF);
    for (const connection of this.#open) connection.close();
  }

  #connectionTo(id: string, channel: PeerChannel): PeerConnection | undefined {
    const key = `${channel} ${id}`;
    const existing = this.#connections.get(key);
    if (existing) return existing;
    const address = parsePeerAddress(id);
    if (!address) return undefined;
    const { tlsOptions, connectTimeout = 2_000 } = this.options;
    const connection = new PeerConnection(
      this.identity,
      { id, ...address },
      {
        socketClass: this.#socketClass,
        maxFrameLength: this.#maxFrameLength,
        connectTimeout,
        idleTimeout: this.#idleTimeout[channel],
        ...(tlsOptions && { tlsOptions }),
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

  /** Through JSON and the same handlers, so that what works on one member works on many. */
  #requestSelf(route: string, data: unknown, options: RequestOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const requestId = this.#own.nextId();
      const json = encodeRequest({ id: requestId, pattern: route, data }, this.#maxFrameLength);
      const request = this.#own.add(requestId, route, json, options, { resolve, reject });
      // In a turn of its own: whoever asks itself again and again would else keep its own timers and sockets
      // waiting, and lose its session over it.
      setImmediate(() => {
        if (!this.#own.has(requestId)) return;
        request.isSent = true;
        const packet: RequestPacket = JSON.parse(json);
        this.#outside.runInAsyncScope(() => {
          this.server.answer(packet, this.identity, true, (replyJson) => {
            const reply: ReplyPacket = JSON.parse(replyJson);
            this.#own.settle(reply);
          });
        });
      });
    });
  }
}
