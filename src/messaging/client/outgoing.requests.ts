import { HedgeError } from '../../errors/index.js';
import type { Clock } from '../../time/index.js';
import { encodeRequest } from '../wire/message.codec.js';
import { BEYOND_CREDIT, GOING_AWAY, NOT_A_REPLY, OVERLOADED_HERE } from './client.messages.js';
import type { PeerStream, StreamCarrier, StreamRequest } from './outgoing.stream.js';
import { OutgoingStreams } from './outgoing.streams.js';
import {
  PendingRequests,
  type PendingRequest,
  type RequestOptions,
  type Settle,
} from './pending.requests.js';
import {
  MAX_PENDING,
  type CancelPacket,
  type ReplyPacket,
  type RequestPacket,
  type StreamTerms,
} from '../wire/protocol.js';
import { STREAM_WINDOW } from '../wire/stream.credit.js';

/** The end of a connection that requests leave by. */
export interface RequestLink extends StreamCarrier {
  /** How many requests and streams may be under way; one more is OVERLOADED. */
  readonly maxPending?: number;
  /** What timeouts go by. */
  readonly clock: Clock;
  makePacket(route: string, data: unknown): Omit<RequestPacket, 'id'>;
  /** Sends it as soon as it can. */
  send(request: PendingRequest): void;
  /** Its caller waits no longer: it expired, or was aborted. */
  givenUp(request: PendingRequest, isExpired: boolean): void;
}

export type StreamOptions = RequestOptions & StreamRequest;

/** All that one connection is asked for and has not answered to the end. */
export class OutgoingRequests {
  readonly #pending: PendingRequests;
  readonly #streams: OutgoingStreams;

  constructor(private readonly link: RequestLink) {
    this.#streams = new OutgoingStreams(link);
    this.#pending = new PendingRequests(link.peer, link.clock, (request, isExpired) => {
      if (request.isSent) {
        link.sendFrame(JSON.stringify({ cancel: request.id } satisfies CancelPacket));
      }
      link.givenUp(request, isExpired);
    });
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0 && this.#streams.size === 0;
  }

  /** Whether a request still waits for its answer. */
  isPending(id: number): boolean {
    return this.#pending.has(id);
  }

  request(route: string, data: unknown, options: RequestOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#ask(this.#packet(route, data), options, { resolve, reject });
    });
  }

  /** Resolves when the other side has accepted it. */
  stream(route: string, data: unknown, options: StreamOptions): Promise<PeerStream> {
    return new Promise((resolve, reject) => {
      const packet = this.#packet(route, data, termsOf(options));
      this.#ask(packet, options, this.#streams.settleOf(packet, options, { resolve, reject }));
    });
  }

  /**
   * Takes what the other side said, in so many characters.
   * @returns why the connection cannot go on, where no member says such a thing
   */
  receive(packet: ReplyPacket, length: number): string | undefined {
    if (packet.id === undefined) return this.#streams.control(packet) ? undefined : NOT_A_REPLY;
    if (this.#streams.has(packet.id)) {
      return this.#streams.receive(packet, length) ? undefined : BEYOND_CREDIT;
    }
    this.#pending.settle(packet);
    return undefined;
  }

  /** The connection may take more again. */
  wake(): void {
    this.#streams.wake();
  }

  /** The other side closes, and has read nothing after this request. */
  letGo(lastId: number): void {
    this.#pending.rejectAfter(lastId, GOING_AWAY);
  }

  /** The other side fell silent: its streams end. */
  abandon(): void {
    this.#streams.abandon();
  }

  /** The connection has closed. */
  end(reason: string, cause?: unknown): void {
    this.#pending.rejectAll(reason, cause);
    this.#streams.lose(cause);
  }

  #packet(route: string, data: unknown, stream?: StreamTerms): NumberedPacket {
    const { maxPending = MAX_PENDING, peer } = this.link;
    if (this.#pending.size + this.#streams.size >= maxPending) {
      throw new HedgeError('OVERLOADED', OVERLOADED_HERE(peer, maxPending));
    }
    const packet = this.link.makePacket(route, data);
    const id = this.#pending.nextId();
    return Object.assign(packet, stream ? { id, stream } : { id });
  }

  #ask(packet: NumberedPacket, options: RequestOptions, settle: Settle): void {
    const json = encodeRequest(packet, this.link.maxFrameLength);
    this.link.send(this.#pending.add(packet.id, packet.pattern, json, options, settle));
  }
}

type NumberedPacket = RequestPacket & { readonly id: number };

function termsOf({ input }: StreamRequest): StreamTerms {
  return input ? { credit: STREAM_WINDOW, input: true } : { credit: STREAM_WINDOW };
}
