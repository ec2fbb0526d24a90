import { onAbort } from '../../abort.listeners.js';
import type { StreamReader } from '../streams/stream.reader.js';
import { StreamWriter } from '../streams/stream.writer.js';
import type { FrameSink } from '../wire/frame.sink.js';
import {
  describeInputFailure,
  encodeEnd,
  encodeItem,
  rebuildError,
} from '../wire/message.codec.js';
import type { CancelPacket, GrantPacket, ReplyPacket } from '../wire/protocol.js';
import { costOf, STREAM_WINDOW } from '../wire/credit.units.js';
import type { StreamSource } from '../wire/stream.source.js';
import { abortedError } from './pending.requests.js';

/** What a caller gives for a stream. */
export interface StreamRequest {
  /** Sent to the handler as far as the handler reads. Nothing of it is read before that. */
  readonly input?: StreamSource | undefined;
  /** Takes the values of the reply. */
  readonly reader: StreamReader;
  /** Aborting it ends the stream, also after it has begun. */
  readonly signal?: AbortSignal;
}

/** A stream that has begun. */
export interface PeerStream {
  /** Resolves when the stream has ended, for any reason. */
  readonly closed: Promise<void>;
  /** Ends the stream on both sides. */
  fail(error: unknown): void;
}

export interface OutgoingStreamParts {
  readonly id: number;
  /** The member that was asked. */
  readonly peer: string;
  readonly route: string;
  readonly request: StreamRequest;
  readonly sink: FrameSink;
  readonly onEnd: () => void;
}

/** A stream on the side of the caller. It begins when the other side accepts the request. */
export class OutgoingStream implements PeerStream {
  readonly closed: Promise<void>;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter | undefined;
  readonly #ignoreSignal: (() => void) | undefined;
  /** Kept until the handler asks for it. */
  #input: StreamSource | undefined;
  #close: () => void = () => undefined;
  #isOver = false;

  constructor(private readonly parts: OutgoingStreamParts) {
    const { id, peer, route, request } = parts;
    const { input, reader, signal } = request;
    this.closed = new Promise((resolve) => (this.#close = resolve));
    this.#reader = reader;
    this.#input = input;
    if (input) this.#writer = this.#makeWriter();
    reader.open(STREAM_WINDOW, (units) => this.#send({ grant: id, units }));
    const abort = () => this.fail(abortedError(peer, route, signal));
    if (signal) this.#ignoreSignal = onAbort(signal, abort);
  }

  get route(): string {
    return this.parts.route;
  }

  /** @returns false for a value that was sent without credit */
  receive({ response, err, isDisposed, accepted }: ReplyPacket, length: number): boolean {
    if (err !== undefined && err !== null) {
      this.#end({ error: rebuildError(err, this.route) });
    } else if (isDisposed) {
      this.#end();
    } else if (!accepted) {
      return this.#reader.receive(response, costOf(length));
    }
    return true;
  }

  /** The handler takes more of the input. @returns false for more units than any handler takes */
  grant(units: number): boolean {
    const input = this.#input;
    this.#input = undefined;
    const isSane = this.#writer?.grant(units) ?? true;
    if (input) this.#writer?.start(input);
    return isSane;
  }

  wake(): void {
    this.#writer?.wake();
  }

  /** The handler takes no more of the input. */
  stopInput(): void {
    this.#writer?.stop();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#send({ cancel: this.parts.id });
    this.lose(error);
  }

  /** Ends the stream on this side only: the other side knows, or cannot be told. */
  lose(error: unknown): void {
    this.#over(() => this.#reader.fail(error));
  }

  #end(failure?: { error: unknown }): void {
    this.#over(() => this.#reader.end(failure));
  }

  #over(tellReader: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ignoreSignal?.();
    this.#writer?.stop();
    tellReader();
    this.parts.onEnd();
    this.#close();
  }

  #makeWriter(): StreamWriter {
    const { id, route, sink } = this.parts;
    return new StreamWriter({
      route,
      sink,
      encode: (item) => encodeItem({ id, item }, route, sink.maxFrameLength),
      ended: (failure) => this.#inputEnded(failure),
    });
  }

  /** A source that fails ends the stream. The caller gets its error, the handler as much of it as may travel. */
  #inputEnded(failure?: { error: unknown }): void {
    const { id, route, sink } = this.parts;
    const err = failure && describeInputFailure(route, failure.error);
    sink.sendFrame(encodeEnd(id, err, sink.maxFrameLength));
    if (failure) this.fail(failure.error);
  }

  #send(packet: GrantPacket | CancelPacket): void {
    this.parts.sink.sendFrame(JSON.stringify(packet));
  }
}
