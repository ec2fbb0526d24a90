import { EMPTY, of } from 'rxjs';
import { HedgeError } from '../../errors/index.js';
import { HedgeStream } from '../streams/hedge.stream.js';
import { StreamReader } from '../streams/stream.reader.js';
import { StreamWriter } from '../streams/stream.writer.js';
import type { FrameSink } from '../wire/frame.sink.js';
import { encodeResponse, rebuildError } from '../wire/message.codec.js';
import type { CancelPacket, GrantPacket, ReplyPacket, RequestPacket } from '../wire/protocol.js';
import { STREAM_WINDOW } from '../wire/credit.units.js';
import { isMany } from '../wire/stream.source.js';
import type { CallerStream, WaitingCaller } from './caller.js';
import type { RequestServer } from './request.server.js';
import { CALLER_GONE, STREAM_TAKEN } from './server.messages.js';

export interface IncomingStreamParts {
  readonly packet: RequestPacket;
  readonly caller: WaitingCaller;
  readonly sink: FrameSink;
  readonly server: Pick<RequestServer, 'failureOf'>;
  readonly onEnd: () => void;
}

/** A stream on the side of its handler: a request that is answered with many values, and may bring many. */
export class IncomingStream implements CallerStream, FrameSink {
  readonly input: HedgeStream<unknown> | undefined;
  readonly closed: Promise<void>;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  #close: () => void = () => undefined;
  #isHeld = false;
  #isAccepted = false;
  #isRead = false;
  #isOver = false;

  constructor(private readonly parts: IncomingStreamParts) {
    const { packet, caller, sink } = parts;
    const { id, pattern: route, stream } = packet;
    caller.stream = this;
    this.closed = new Promise((resolve) => (this.#close = resolve));
    this.#reader = new StreamReader((isCancelled) => {
      if (isCancelled) this.#send({ cancel: id });
    });
    if (stream?.input) this.input = new HedgeStream(() => this.#read());
    this.#writer = new StreamWriter({
      route,
      sink: this,
      credit: stream?.credit,
      encode: (response) => encodeResponse({ id, response }, route, sink.maxFrameLength),
      ended: (failure) => this.#end(failure),
    });
  }

  get caller(): WaitingCaller {
    return this.parts.caller;
  }

  get maxFrameLength(): number {
    return this.parts.sink.maxFrameLength;
  }

  get waitingBytes(): number {
    return this.parts.sink.waitingBytes;
  }

  /** The writer's values leave by it. The first value accepts the stream, unless it was accepted before. */
  sendFrame(json: string): boolean {
    this.accept();
    return this.parts.sink.sendFrame(json);
  }

  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  hold(): void {
    this.#isHeld = true;
  }

  accept(): void {
    if (this.#isAccepted || this.#isOver) return;
    this.#isAccepted = true;
    this.#send({ id: this.parts.packet.id, accepted: true });
  }

  whenFree(): Promise<void> | undefined {
    return this.#writer.whenFree();
  }

  /** Streams the result of the handler. A result that is no stream is sent as one value. */
  answer(result: unknown): void {
    if (!this.#isHeld) this.accept();
    if (isMany(result)) this.#writer.start(result);
    else this.#writer.start(result === undefined ? EMPTY : of(result));
  }

  fail(error: unknown): void {
    this.#end({ error });
  }

  /** The caller takes more. @returns false for more units than any caller takes */
  grant(units: number): boolean {
    return this.#writer.grant(units);
  }

  wake(): void {
    this.#writer.wake();
  }

  /** @returns false for a value that was sent without credit */
  receive(item: unknown, cost: number): boolean {
    return this.#reader.receive(item, cost);
  }

  endInput(err: unknown): void {
    this.#reader.end(
      err === undefined ? undefined : { error: rebuildError(err, this.caller.route) },
    );
  }

  /** The caller gave up. */
  cancel(): void {
    this.lose(this.#callerGone());
  }

  /** Ends the stream on this side only: the caller knows, or cannot be told. */
  lose(reason: HedgeError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tearDown(reason);
  }

  #end(failure?: { error: unknown }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { packet, sink, server } = this.parts;
    if (failure) sink.sendFrame(server.failureOf(packet, failure.error));
    else this.#send({ id: packet.id, isDisposed: true });
    this.#tearDown(failure?.error);
  }

  #tearDown(reason?: unknown): void {
    if (reason !== undefined) this.caller.leave(reason);
    this.#writer.stop();
    this.#reader.fail(reason ?? this.#callerGone());
    this.parts.onEnd();
    this.#close();
  }

  #callerGone(): HedgeError {
    const { id, route } = this.caller;
    return new HedgeError('ABORTED', CALLER_GONE(id, route));
  }

  #read(): StreamReader {
    if (this.#isRead) throw new HedgeError('INVALID_ARGUMENT', STREAM_TAKEN);
    this.#isRead = true;
    this.accept();
    const grant = (units: number) => this.#send({ grant: this.parts.packet.id, units });
    this.#reader.open(STREAM_WINDOW, grant);
    grant(STREAM_WINDOW);
    return this.#reader;
  }

  #send(packet: ReplyPacket | GrantPacket | CancelPacket): void {
    this.parts.sink.sendFrame(JSON.stringify(packet));
  }
}
