import { AsyncResource } from 'node:async_hooks';
import { Subject, takeUntil } from 'rxjs';
import { HedgeError } from '../../errors/index.js';
import type { FrameSink } from '../wire/frame.sink.js';
import { costOf, MAX_CREDIT } from '../wire/credit.units.js';
import { observe, type Backpressure, type StreamSource } from '../wire/stream.source.js';
import { STREAM_OUTRUN } from './streams.messages.js';

/** How the values of one stream are encoded, and where they leave. */
export interface StreamWriterParts {
  readonly route: string;
  readonly sink: FrameSink;
  /** Units of values that may leave before the receiver grants more. @default 0 */
  readonly credit?: number;
  /** @throws HedgeError for a value that cannot travel */
  encode(value: unknown): string;
  /** Called once, unless the writer was stopped: all values have left, or this went wrong. */
  ended(failure?: { readonly error: unknown }): void;
}

/** Bytes that may wait in the connection. Beyond them values wait here, so that other messages are not delayed. */
const MAX_BACKLOG = 256 * 1024;
/** Characters that may wait here. An Observable cannot be told to pause, so its stream fails beyond them. */
const MAX_WAITING = 8 * 1024 * 1024;

/**
 * The sending half of a stream: it sends the values of its source as far as the receiver's credit goes. The source runs in
 * the asynchronous context in which the writer was made, to the end of its `finally`, wherever a value is asked for.
 */
export class StreamWriter implements Backpressure {
  readonly #sink: FrameSink;
  readonly #scope = new AsyncResource('HedgeStream');
  readonly #stop = new Subject<void>();
  readonly #waitingForSpace: (() => void)[] = [];
  #waiting: string[] = [];
  /** How many of those have been sent. */
  #sent = 0;
  #waitingLength = 0;
  #sourceEnd: { failure?: { error: unknown } } | undefined;
  #credit: number;
  #isOver = false;

  constructor(private readonly parts: StreamWriterParts) {
    this.#sink = parts.sink;
    this.#credit = parts.credit ?? 0;
  }

  start(source: StreamSource): void {
    if (this.#isOver) return;
    this.#scope.runInAsyncScope(() => {
      observe(source, this)
        .pipe(takeUntil(this.#stop))
        .subscribe({
          next: (value) => this.#put(value),
          error: (error: unknown) => this.#sourceEnded({ error }),
          complete: () => this.#sourceEnded(),
        });
    });
  }

  whenFree(): Promise<void> | undefined {
    if (this.#isOver || this.#isFree) return undefined;
    return new Promise((resolve) => this.#waitingForSpace.push(resolve));
  }

  /**
   * The receiver takes more.
   * @returns false for more units than any receiver takes
   */
  grant(units: number): boolean {
    this.#credit += units;
    this.wake();
    return this.#credit <= MAX_CREDIT;
  }

  /** The connection takes more again. */
  wake(): void {
    while (this.#sent < this.#waiting.length && this.#maySend) {
      const json = this.#waiting[this.#sent];
      // A sent value is not kept until all the others are sent.
      this.#waiting[this.#sent++] = '';
      this.#waitingLength -= json.length;
      this.#send(json);
    }
    // Something may always wait: sent values must not pile up before it.
    if (this.#sent * 2 >= this.#waiting.length) {
      this.#waiting.splice(0, this.#sent);
      this.#sent = 0;
    }
    if (this.#sourceEnd && this.#waiting.length === 0) this.#finish(this.#sourceEnd.failure);
    if (this.#isFree) this.#tellFree();
  }

  /** Sends no more, and tears the source down. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = [];
    this.#sent = 0;
    this.#scope.runInAsyncScope(() => this.#stop.next());
    this.#tellFree();
  }

  get #maySend(): boolean {
    return !this.#isOver && this.#credit > 0 && this.#sink.waitingBytes < MAX_BACKLOG;
  }

  get #isFree(): boolean {
    return this.#waiting.length === 0 && this.#maySend;
  }

  /** As in Nest, `undefined` is not sent: JSON has no such value. */
  #put(value: unknown): void {
    if (this.#isOver || value === undefined) return;
    let json: string;
    try {
      json = this.parts.encode(value);
    } catch (error) {
      this.#finish({ error });
      return;
    }
    if (this.#isFree) {
      this.#send(json);
      return;
    }
    this.#waiting.push(json);
    this.#waitingLength += json.length;
    if (this.#waitingLength <= MAX_WAITING) return;
    const text = STREAM_OUTRUN(this.parts.route, MAX_WAITING);
    this.#finish({ error: new HedgeError('STREAM_OVERFLOW', text) });
  }

  #send(json: string): void {
    this.#credit -= costOf(json.length);
    this.#sink.sendFrame(json);
  }

  #sourceEnded(failure?: { error: unknown }): void {
    if (this.#isOver) return;
    if (this.#waiting.length === 0) this.#finish(failure);
    else this.#sourceEnd = failure ? { failure } : {};
  }

  #finish(failure?: { error: unknown }): void {
    if (this.#isOver) return;
    this.stop();
    this.parts.ended(failure);
  }

  #tellFree(): void {
    for (const tell of this.#waitingForSpace.splice(0)) tell();
  }
}
