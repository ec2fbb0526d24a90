import { lastValueFrom } from 'rxjs';
import { HedgeError } from '../../errors/index.js';
import type { FrameSink } from '../wire/frame.sink.js';
import type { RemoteMember } from '../wire/member.identity.js';
import { encodeReply } from '../wire/message.codec.js';
import {
  isCancel,
  isEnd,
  isGrant,
  isItem,
  isRequestPacket,
  type GoawayPacket,
  type RequestId,
  type RequestPacket,
} from '../wire/protocol.js';
import { costOf } from '../wire/credit.units.js';
import { NO_BACKPRESSURE, isMany, observe } from '../wire/stream.source.js';
import { STREAM_ABANDONED } from '../wire/wire.messages.js';
import { WaitingCaller } from './caller.js';
import { IncomingStream } from './incoming.stream.js';
import type { MessageHandler, RequestServer } from './request.server.js';
import { CALLER_GONE, CALLER_LOST, NO_HANDLER, OVERLOADED_THERE } from './server.messages.js';

/**
 * The requests that arrive on one connection, until their replies have left by the sink. It calls the handler of each, and
 * keeps the callers that wait and the streams that are open.
 */
export class IncomingRequests {
  /** Callers of handlers that have not replied yet. */
  readonly #callers = new Map<RequestId, WaitingCaller>();
  readonly #streams = new Map<RequestId, IncomingStream>();
  /** Requests and streams whose handler works or whose values leave, those that were given up included. */
  #underWay = 0;
  #lastId = 0;
  #isLeaving = false;

  constructor(
    readonly from: RemoteMember,
    private readonly isSelf: boolean,
    private readonly server: RequestServer,
    private readonly sink: FrameSink,
  ) {}

  /**
   * Takes a frame that arrived. Never throws.
   * @param length of the frame, in UTF-16 units
   * @param replied called when a request is over
   * @returns false for a frame that no member sends
   */
  receive(packet: object, length: number, replied?: () => void): boolean {
    if (!isRequestPacket(packet)) return this.#receiveStreamPart(packet, length);
    // The caller was told that no more is read here, and may repeat the request elsewhere.
    if (this.#isLeaving) {
      replied?.();
      return true;
    }
    if (typeof packet.id === 'number') this.#lastId = Math.max(this.#lastId, packet.id);
    if (this.#underWay >= this.server.maxPending) {
      this.sink.sendFrame(this.server.failureOf(packet, this.#overload()));
      replied?.();
      return true;
    }
    if (packet.stream) return this.#stream(packet, replied);
    this.#answer(packet, replied);
    return true;
  }

  /** The connection takes more again. */
  wake(): void {
    for (const stream of this.#streams.values()) stream.wake();
  }

  /** Reads no more requests, and says which request it read last. */
  leave(): void {
    this.#isLeaving = true;
    this.sink.sendFrame(JSON.stringify({ goaway: this.#lastId } satisfies GoawayPacket));
  }

  /** The caller fell silent: its streams end, though its connection may seem open. */
  abandon(): void {
    const { id } = this.from;
    for (const stream of this.#streams.values()) {
      stream.fail(new HedgeError('CONNECTION_LOST', STREAM_ABANDONED(id, stream.caller.route)));
    }
  }

  /** The connection has closed. */
  close(): void {
    this.#isLeaving = true;
    const lost = (route: string) =>
      new HedgeError('CONNECTION_LOST', CALLER_LOST(this.from.id, route));
    for (const caller of this.#callers.values()) caller.leave(lost(caller.route));
    for (const stream of this.#streams.values()) stream.lose(lost(stream.caller.route));
  }

  #receiveStreamPart(packet: object, length: number): boolean {
    if (isItem(packet)) {
      return this.#streams.get(packet.id)?.receive(packet.item, costOf(length)) ?? true;
    }
    if (isGrant(packet)) return this.#streams.get(packet.grant)?.grant(packet.units) ?? true;
    if (isEnd(packet)) {
      this.#streams.get(packet.id)?.endInput(packet.err);
      return true;
    }
    if (!isCancel(packet)) return false;
    this.#streams.get(packet.cancel)?.cancel();
    const caller = this.#callers.get(packet.cancel);
    caller?.leave(new HedgeError('ABORTED', CALLER_GONE(this.from.id, caller.route)));
    return true;
  }

  #answer(packet: RequestPacket, replied?: () => void): void {
    const caller = new WaitingCaller(this.from, this.isSelf, packet.pattern);
    let isAsync = false;
    const reply = (json: string) => {
      if (isAsync) this.#underWay--;
      if (this.#callers.get(packet.id) === caller) this.#callers.delete(packet.id);
      if (!caller.isGone) this.sink.sendFrame(json);
      replied?.();
    };
    const succeed = (value: unknown) => reply(encodeReply(packet, value, this.sink.maxFrameLength));
    const fail = (error: unknown) => reply(this.server.failureOf(packet, error));
    let result: unknown;
    try {
      result = this.#handlerOf(packet)(packet.data, caller);
    } catch (error) {
      fail(error);
      return;
    }
    if (isPending(result)) {
      isAsync = true;
      this.#underWay++;
      this.#callers.set(packet.id, caller);
      settle(result).then(succeed, fail);
    } else {
      succeed(result);
    }
  }

  #stream(packet: RequestPacket, replied?: () => void): boolean {
    if (this.#streams.has(packet.id)) return false;
    const caller = new WaitingCaller(this.from, this.isSelf, packet.pattern);
    const { server, sink } = this;
    const onEnd = () => this.#streams.delete(packet.id);
    const stream = new IncomingStream({ packet, caller, sink, server, onEnd });
    this.#streams.set(packet.id, stream);
    if (replied) void stream.closed.then(replied);
    this.#underWay++;
    let result: unknown;
    try {
      result = this.#handlerOf(packet)(packet.data, stream.caller);
      if (!isPromiseLike(result)) stream.answer(result);
      else
        void result.then(
          (value) => stream.answer(value),
          (error) => stream.fail(error),
        );
    } catch (error) {
      stream.fail(error);
    }
    void Promise.allSettled([stream.closed, result]).then(() => this.#underWay--);
    return true;
  }

  #overload(): HedgeError {
    const { id, maxPending } = this.server;
    return new HedgeError('OVERLOADED', OVERLOADED_THERE(id, maxPending));
  }

  #handlerOf({ pattern }: RequestPacket): MessageHandler {
    const handler = this.server.handlerOf(pattern);
    if (handler) return handler;
    throw new HedgeError('NO_HANDLER', NO_HANDLER(this.server.id, pattern));
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

function isPending(result: unknown): boolean {
  return isPromiseLike(result) || isMany(result);
}

/** Nest's pipeline gives a promise of an Observable. An Observable without a value gives `undefined`. */
async function settle(result: unknown): Promise<unknown> {
  const value: unknown = isMany(result) ? result : await result;
  if (!isMany(value)) return value;
  return lastValueFrom(observe(value, NO_BACKPRESSURE), { defaultValue: undefined });
}
