import { EMPTY, of } from 'rxjs';
import { HedgeError } from '../../errors/index.js';
import { HedgeStream } from '../streams/hedge.stream.js';
import type { CallerStream, IncomingRequest } from './incoming.request.js';
import { encodeResponse, rebuildError } from '../wire/message.codec.js';
import type { CancelPacket, GrantPacket, ReplyPacket, RequestPacket } from '../wire/protocol.js';
import { STREAM_WINDOW } from '../wire/stream.credit.js';
import { StreamReader } from '../streams/stream.reader.js';
import { isMany } from '../wire/stream.source.js';
import { StreamWriter } from '../streams/stream.writer.js';
import { CALLER_GONE, STREAM_TAKEN } from './server.messages.js';

/** What a stream needs of its connection and its server. */
export interface StreamHost {
  readonly hasRoom: boolean;
  readonly maxFrameLength: number;
  sendFrame(json: string): boolean;
  /** A failure as the caller may read it, logged where the caller learns nothing of it. */
  failureOf(packet: RequestPacket, error: unknown): string;
  /** It has ended. */
  forget(stream: IncomingStream): void;
}

/** A request for many values at the member that answers it. */
export class IncomingStream implements CallerStream {
  readonly input: HedgeStream<unknown> | undefined;
  readonly closed: Promise<void>;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  #close: () => void = () => undefined;
  #isHeld = false;
  #isAccepted = false;
  #isRead = false;
  #isOver = false;

  constructor(
    readonly packet: RequestPacket,
    readonly caller: IncomingRequest,
    private readonly host: StreamHost,
  ) {
    const { id, pattern: route, stream } = packet;
    caller.stream = this;
    this.closed = new Promise((resolve) => (this.#close = resolve));
    this.#reader = new StreamReader((isCancelled) => {
      if (isCancelled) this.#send({ cancel: id });
    });
    if (stream?.input) this.input = new HedgeStream(() => this.#read());
    this.#writer = new StreamWriter(
      {
        route,
        get hasRoom() {
          return host.hasRoom;
        },
        encode: (response) => encodeResponse({ id, response }, route, host.maxFrameLength),
        send: (json) => {
          this.accept();
          host.sendFrame(json);
        },
        ended: (failure) => this.#end(failure),
      },
      stream?.credit,
    );
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
    this.#send({ id: this.packet.id, accepted: true });
  }

  free(): Promise<void> | undefined {
    return this.#writer.free();
  }

  /** What the handler returned. Of something that is no stream it makes a stream of one value. */
  answer(result: unknown): void {
    if (!this.#isHeld) this.accept();
    if (isMany(result)) this.#writer.start(result);
    else this.#writer.start(result === undefined ? EMPTY : of(result));
  }

  fail(error: unknown): void {
    this.#end({ error });
  }

  /** The caller takes more. @returns false for more than any caller takes */
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
    this.drop(this.#gone());
  }

  /** Ends it here only: nobody is left to be told. */
  drop(reason: HedgeError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tearDown(reason);
  }

  #end(failure?: { error: unknown }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { packet, host } = this;
    if (failure) host.sendFrame(host.failureOf(packet, failure.error));
    else this.#send({ id: packet.id, isDisposed: true });
    this.#tearDown(failure?.error);
  }

  #tearDown(reason?: unknown): void {
    if (reason !== undefined) this.caller.abandon(reason);
    this.#writer.stop();
    this.#reader.fail(reason ?? this.#gone());
    this.host.forget(this);
    this.#close();
  }

  #gone(): HedgeError {
    const { id, route } = this.caller;
    return new HedgeError('ABORTED', CALLER_GONE(id, route));
  }

  #read(): StreamReader {
    if (this.#isRead) throw new HedgeError('INVALID_ARGUMENT', STREAM_TAKEN);
    this.#isRead = true;
    this.accept();
    const grant = (units: number) => this.#send({ grant: this.packet.id, units });
    this.#reader.open(STREAM_WINDOW, grant);
    grant(STREAM_WINDOW);
    return this.#reader;
  }

  #send(packet: ReplyPacket | GrantPacket | CancelPacket): void {
    this.host.sendFrame(JSON.stringify(packet));
  }
}
