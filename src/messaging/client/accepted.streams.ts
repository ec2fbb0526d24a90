import { AsyncResource } from 'node:async_hooks';
import { HedgeError } from '../../errors/index.js';
import type { FrameSink } from '../wire/frame.sink.js';
import {
  isCancel,
  isGrant,
  type ReplyPacket,
  type RequestId,
  type RequestPacket,
} from '../wire/protocol.js';
import { STREAM_ABANDONED } from '../wire/wire.messages.js';
import { OutgoingStream, type PeerStream, type StreamRequest } from './outgoing.stream.js';
import { PeerLostError } from './peer.errors.js';
import type { Settle } from './pending.requests.js';

/** The streams of one connection that the other side has accepted. */
export class AcceptedStreams {
  readonly #streams = new Map<RequestId, OutgoingStream>();

  constructor(
    private readonly peer: string,
    private readonly sink: FrameSink,
  ) {}

  get size(): number {
    return this.#streams.size;
  }

  has(id: RequestId): boolean {
    return this.#streams.has(id);
  }

  /** Settles a request for a stream. Its stream begins in the same tick, because values may follow at once. */
  settleOf(
    { id, pattern }: RequestPacket & { id: number },
    request: StreamRequest,
    waiter: { resolve: (stream: PeerStream) => void; reject: (error: unknown) => void },
  ): Settle {
    return {
      reject: waiter.reject,
      // The input belongs to the asynchronous context of the caller, not to that of the socket.
      resolve: AsyncResource.bind((_response: unknown, reply: ReplyPacket) => {
        const { peer, sink } = this;
        const onEnd = () => this.#streams.delete(id);
        const stream = new OutgoingStream({ id, peer, route: pattern, request, sink, onEnd });
        this.#streams.set(id, stream);
        waiter.resolve(stream);
        // The first reply is the last one: the stream has ended already.
        if (!reply.accepted) stream.receive({ ...reply, isDisposed: true }, 0);
      }),
    };
  }

  /** @returns false for a value that was sent without credit */
  receive(reply: ReplyPacket, length: number): boolean {
    return this.#streams.get(reply.id)?.receive(reply, length) ?? true;
  }

  /** @returns false for a frame that no member sends */
  control(packet: object): boolean {
    if (isGrant(packet)) return this.#streams.get(packet.grant)?.grant(packet.units) ?? true;
    if (!isCancel(packet)) return false;
    this.#streams.get(packet.cancel)?.stopInput();
    return true;
  }

  /** The connection takes more again. */
  wake(): void {
    for (const stream of this.#streams.values()) stream.wake();
  }

  /** The other side fell silent. It is told that its streams end, because it may only have paused. */
  abandon(): void {
    for (const stream of this.#streams.values()) {
      stream.fail(new HedgeError('CONNECTION_LOST', STREAM_ABANDONED(this.peer, stream.route)));
    }
  }

  /** The connection has closed. */
  lose(cause?: unknown): void {
    const options = cause === undefined ? undefined : { cause };
    for (const stream of this.#streams.values()) {
      stream.lose(new PeerLostError(this.peer, stream.route, options));
    }
  }
}
