import { HedgeError } from '../../errors/index.js';
import type { Clock } from '../../time/index.js';
import type { FrameSink } from '../wire/frame.sink.js';
import { encodeRequest } from '../wire/message.codec.js';
import {
  isGoaway,
  MAX_PENDING,
  type CancelPacket,
  type ReplyPacket,
  type RequestId,
  type StreamTerms,
  type UnnumberedPacket,
} from '../wire/protocol.js';
import { STREAM_WINDOW } from '../wire/credit.units.js';
import { AcceptedStreams } from './accepted.streams.js';
import { BEYOND_CREDIT, GOING_AWAY, NOT_A_REPLY, OVERLOADED_HERE } from './client.messages.js';
import type { PeerStream, StreamRequest } from './outgoing.stream.js';
import {
  PendingRequests,
  type EncodedRequest,
  type RequestOptions,
  type Settle,
} from './pending.requests.js';

export interface OutgoingRequestsParts {
  /** The member that is asked. */
  readonly peer: string;
  readonly sink: FrameSink;
  /** Timeouts go by it. */
  readonly clock: Clock;
  /** How many requests and streams may be under way; one more is OVERLOADED. @default 65,536 */
  readonly maxPending?: number;
  /**
   * Called when a request expired or was aborted.
   * @param isSilent the request expired, and nothing arrived since it left
   */
  readonly onGivenUp?: (isSilent: boolean) => void;
  /** Called when the other side reads no more requests. Those that it has not read can be repeated elsewhere. */
  readonly onGoaway?: () => void;
}

export type StreamOptions = RequestOptions & StreamRequest;

/** Bytes that wait in the connection: beyond them requests wait here, where they can still expire unsent. */
const MAX_BACKLOG = 8 * 1024 * 1024;

/**
 * The requests of this member on one connection. A request is numbered and encoded, waits while the connection takes
 * none, leaves by the sink, and is pending until its reply arrives or its stream begins.
 */
export class OutgoingRequests {
  readonly #pending: PendingRequests;
  readonly #streams: AcceptedStreams;
  /** In the order in which they leave. */
  readonly #unsent = new Set<EncodedRequest>();
  /** Frames that have arrived so far. */
  #received = 0;

  constructor(private readonly parts: OutgoingRequestsParts) {
    const { peer, sink, clock } = parts;
    this.#streams = new AcceptedStreams(peer, sink);
    this.#pending = new PendingRequests(peer, clock, (request, isExpired) =>
      this.#givenUp(request, isExpired),
    );
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0 && this.#streams.size === 0;
  }

  request(packet: UnnumberedPacket, options: RequestOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#ask(this.#numbered(packet), options, { resolve, reject });
    });
  }

  /** Resolves when the other side accepts the stream. */
  stream(packet: UnnumberedPacket, options: StreamOptions): Promise<PeerStream> {
    return new Promise((resolve, reject) => {
      const numbered = this.#numbered(packet, termsOf(options));
      this.#ask(numbered, options, this.#streams.settleOf(numbered, options, { resolve, reject }));
    });
  }

  /**
   * Takes a frame from the other side.
   * @param length of the frame, in UTF-16 units
   * @returns why the connection must end, if no member sends such a frame
   */
  receive(packet: ReplyPacket, length: number): string | undefined {
    this.#received++;
    if (packet.id === undefined) return this.#control(packet);
    if (this.#streams.has(packet.id)) {
      return this.#streams.receive(packet, length) ? undefined : BEYOND_CREDIT;
    }
    this.#pending.settle(packet);
    return undefined;
  }

  /** The sink takes more again. */
  wake(): void {
    const waiting = [...this.#unsent];
    this.#unsent.clear();
    for (const request of waiting) this.#send(request);
    this.#streams.wake();
  }

  /** Marks a request as sent that the sink kept until now. @returns false when its caller is gone */
  markSent(id: RequestId): boolean {
    return this.#pending.markSent(id);
  }

  /** The other side fell silent: its streams end. */
  abandon(): void {
    this.#streams.abandon();
  }

  /** The connection has closed. */
  end(reason: string, cause?: unknown): void {
    this.#unsent.clear();
    this.#pending.rejectAll(reason, cause);
    this.#streams.lose(cause);
  }

  #control(packet: object): string | undefined {
    if (!isGoaway(packet)) return this.#streams.control(packet) ? undefined : NOT_A_REPLY;
    this.parts.onGoaway?.();
    this.#unsent.clear();
    this.#pending.rejectAfter(packet.goaway, GOING_AWAY);
    return undefined;
  }

  #numbered(packet: UnnumberedPacket, stream?: StreamTerms): NumberedPacket {
    const { maxPending = MAX_PENDING, peer } = this.parts;
    if (this.#pending.size + this.#streams.size >= maxPending) {
      throw new HedgeError('OVERLOADED', OVERLOADED_HERE(peer, maxPending));
    }
    const id = this.#pending.nextId();
    return Object.assign(packet, stream ? { id, stream } : { id });
  }

  #ask(packet: NumberedPacket, options: RequestOptions, settle: Settle): void {
    const json = encodeRequest(packet, this.parts.sink.maxFrameLength);
    const request = this.#pending.add(packet.id, packet.pattern, json, options, settle);
    if (this.#unsent.size === 0) this.#send(request);
    else this.#unsent.add(request);
  }

  #send(request: EncodedRequest): void {
    const { sink } = this.parts;
    if (sink.waitingBytes > MAX_BACKLOG) {
      this.#unsent.add(request);
      return;
    }
    // If the sink is closed, its end comes next: then this request counts as not sent.
    request.isSent = sink.sendFrame(request.json);
    request.sentAfter = this.#received;
  }

  #givenUp(request: EncodedRequest, isExpired: boolean): void {
    const { sink, onGivenUp } = this.parts;
    this.#unsent.delete(request);
    if (request.isSent) {
      sink.sendFrame(JSON.stringify({ cancel: request.id } satisfies CancelPacket));
    }
    onGivenUp?.(isExpired && request.isSent && request.sentAfter === this.#received);
  }
}

type NumberedPacket = UnnumberedPacket & { readonly id: number };

function termsOf({ input }: StreamRequest): StreamTerms {
  return input ? { credit: STREAM_WINDOW, input: true } : { credit: STREAM_WINDOW };
}
