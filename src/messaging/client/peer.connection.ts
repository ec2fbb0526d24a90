import type { Clock } from '../../time/index.js';
import type { MemberIdentity } from '../wire/member.identity.js';
import type { ReplyPacket } from '../wire/protocol.js';
import { OutgoingRequests, type StreamOptions } from './outgoing.requests.js';
import type { PeerStream } from './outgoing.stream.js';
import {
  PeerLink,
  type PeerAddress,
  type PeerLinkListener,
  type PeerLinkOptions,
} from './peer.link.js';
import type { RequestOptions } from './pending.requests.js';

export interface PeerConnectionOptions extends PeerLinkOptions {
  readonly maxPending?: number;
  readonly clock: Clock;
  /** How long the connection may be without a request before it closes, in ms. */
  readonly idleTimeout: number;
  /** Called when this connection takes no more requests: it seems dead, or the other side goes away. */
  readonly onRetire: () => void;
  /** Called once, when the connection has ended. @param wasLost as in {@link PeerLinkListener.ended} */
  readonly onEnd: (wasLost: boolean) => void;
}

/** One connection to one member, with the requests on it. It closes when it is idle or seems dead. */
export class PeerConnection implements PeerLinkListener {
  readonly #link: PeerLink;
  readonly #requests: OutgoingRequests;
  #idleTimer: NodeJS.Timeout | undefined;
  #usedAt = 0;
  #isRetired = false;

  constructor(
    self: MemberIdentity,
    private readonly peer: PeerAddress,
    private readonly settings: PeerConnectionOptions,
  ) {
    const { clock, maxPending, onRetire } = settings;
    this.#link = new PeerLink(self, peer, settings, this);
    this.#requests = new OutgoingRequests({
      peer: peer.id,
      sink: this.#link,
      clock,
      maxPending,
      onGivenUp: (isSilent) => this.#givenUp(isSilent),
      onGoaway: onRetire,
    });
  }

  /** The id of the member at the other end. */
  get id(): string {
    return this.peer.id;
  }

  /** Whether this process may be at the other end. */
  mayReach(instanceId: string | undefined): boolean {
    const { reached } = this.#link;
    return (reached ?? instanceId) === (instanceId ?? reached);
  }

  /** Begins to connect. Requests wait until the connection is open. */
  dial(): void {
    this.#link.dial();
  }

  request(route: string, data: unknown, options: RequestOptions): Promise<unknown> {
    this.#usedAt = performance.now();
    return this.#requests.request(this.#link.makePacket(route, data), options);
  }

  /** Resolves when the other side accepts the stream. */
  stream(route: string, data: unknown, options: StreamOptions): Promise<PeerStream> {
    this.#usedAt = performance.now();
    return this.#requests.stream(this.#link.makePacket(route, data), options);
  }

  /**
   * The other side fell silent: its streams end, and new requests dial again. Requests that wait for their reply keep
   * waiting.
   */
  abandon(): void {
    this.#requests.abandon();
    this.#retire();
  }

  /** Closes it from this side. */
  close(): void {
    this.#link.close();
  }

  opened(): void {
    this.#armIdleTimer(this.settings.idleTimeout);
    this.#requests.wake();
    this.#closeIfDone();
  }

  received(packet: ReplyPacket, length: number): void {
    const fault = this.#requests.receive(packet, length);
    if (fault !== undefined) this.#link.end(fault);
    this.#closeIfDone();
  }

  drained(): void {
    this.#requests.wake();
  }

  ended(reason: string, cause: unknown, wasLost: boolean): void {
    clearTimeout(this.#idleTimer);
    this.#requests.end(reason, cause);
    this.settings.onEnd(wasLost);
  }

  /**
   * When nothing arrived since an expired request left, the host may be gone, and TCP would take minutes to notice. The
   * next request dials again and fails fast. Requests that have left keep waiting here.
   */
  #givenUp(isSilent: boolean): void {
    if (isSilent) this.#retire();
    this.#closeIfDone();
  }

  #retire(): void {
    if (this.#isRetired) return;
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
}
