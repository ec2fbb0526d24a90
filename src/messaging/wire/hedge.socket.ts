import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { JsonSocket } from '@nestjs/microservices';
import type { FrameSink } from './frame.sink.js';
import { isNestedTooDeep, MAX_NESTING } from './nesting.js';
import type { RefusalKind } from './refusal.js';
import {
  FRAME_INCOMPLETE,
  FRAME_MALFORMED,
  FRAME_TOO_DEEP,
  FRAME_TOO_LONG,
  FRAME_TOO_SLOW,
  LOOKS_ENCRYPTED,
  SEND_BUFFER_FULL,
} from './wire.messages.js';

export interface SocketLimits {
  /** The longest JSON text that is sent or received, in UTF-16 units. @default 16 MiB */
  readonly maxFrameLength: number;
  /**
   * How long a frame that has begun to arrive, or a heap of bytes that waits to leave, may make no progress,
   * in ms. @default 30,000
   */
  readonly stallTimeout: number;
  /**
   * How long a frame may take to arrive from its first byte on, in ms: who sends a byte every now and then does not
   * stall. @default 120,000, which the longest one makes at 1.1 Mbit/s
   */
  readonly frameTimeout: number;
  /**
   * How many bytes may wait for a peer that does not read. @default 256 MiB: a hundred large replies may be
   * ready in one turn, before the fastest peer can read any
   */
  readonly maxSendBuffer: number;
}

export const DEFAULT_SOCKET_LIMITS: SocketLimits = {
  maxFrameLength: 16 * 1024 * 1024,
  stallTimeout: 30_000,
  frameTimeout: 120_000,
  maxSendBuffer: 256 * 1024 * 1024,
};

/** Node's own, whatever fake the specs of users' apps put in its place later. */
const nextTick = process.nextTick.bind(process);

/** What arrived is no frame, or what should leave cannot: the connection is of no more use. */
export class FrameError extends Error {
  override readonly name = 'FrameError';

  constructor(
    message: string,
    options?: ErrorOptions,
    readonly kind: RefusalKind = 'bytes',
  ) {
    super(message, options);
  }
}

/** More digits than any allowed length has: what is longer was never a header. */
const MAX_HEADER_LENGTH = 10;
/** Up to here frames of one turn leave in one write; copying longer ones together costs more than it saves. */
const MAX_GATHERED_LENGTH = 64 * 1024;
/** From here on bytes that wait are watched; less is not worth a timer. */
const WATCHED_SEND_BUFFER = 1024 * 1024;
const KEEP_ALIVE_DELAY = 15_000;
const HEADER_END = '#';
/** The first byte of a TLS connection. */
const TLS_HANDSHAKE = 0x16;
const ZERO = 48;
const NINE = 57;

/**
 * Nest's framing with another temper. The stock socket stops *reading* while its own writes drain, and when
 * both ends do, neither ever reads again; this one never pauses reading (READ-WHILE-WRITING). A peer that does not read
 * its replies is cut off when too much waits for it.
 */
export class HedgeSocket extends JsonSocket implements FrameSink {
  protected readonly limits: SocketLimits = DEFAULT_SOCKET_LIMITS;
  readonly #decoder = new StringDecoder('utf8');
  /** What was received and not yet read as a frame. */
  #received = '';
  /** The length the frame being read has, or -1 while its header is not whole. */
  #frameLength = -1;
  #incompleteTimer: NodeJS.Timeout | undefined;
  /** When the first bytes of the frame being read came (monotonic ms), or -1 between frames. */
  #frameBegan = -1;
  #maxReceived = Infinity;
  /** Frames of this turn of the event loop: they leave together. */
  #gathered = '';
  #messageLength = 0;

  constructor(socket: Socket) {
    super(socket);
    // Small requests and replies must not wait for the acknowledgement of the one before (Nagle).
    socket.setNoDelay?.(true);
    // A host that vanished without a word is noticed even by a connection that only waits.
    socket.setKeepAlive?.(true, KEEP_ALIVE_DELAY);
    socket.once('close', () => clearTimeout(this.#incompleteTimer));
    socket.on('timeout', () => this.#endStalled());
    socket.on('drain', () => socket.setTimeout(0));
  }

  get isOpen(): boolean {
    return this.socket.writable;
  }

  get maxFrameLength(): number {
    return this.limits.maxFrameLength;
  }

  /** Bytes that wait for the other side to read. */
  get waitingBytes(): number {
    return this.socket.writableLength + this.#gathered.length;
  }

  /** The length of the message that is being handled, as JSON. */
  get messageLength(): number {
    return this.#messageLength;
  }

  /** Takes no longer frames than so many characters, for now; the limit of the class holds in any case. */
  limitReceived(length: number): void {
    this.#maxReceived = length;
  }

  /** Sends a text that is JSON already. @returns false when the connection is closed: nothing leaves then */
  sendFrame(json: string): boolean {
    if (!this.socket.writable) return false;
    const frame = `${json.length}${HEADER_END}${json}`;
    if (frame.length > MAX_GATHERED_LENGTH) {
      this.#flush();
      this.#write(frame);
      return true;
    }
    if (this.#gathered === '') nextTick(() => this.#flush());
    this.#gathered += frame;
    if (this.#gathered.length > MAX_GATHERED_LENGTH) this.#flush();
    return true;
  }

  /** Sends a last frame, and closes when it has left. */
  sendLastFrame(json: string): void {
    this.sendFrame(json);
    this.#flush();
    this.socket.destroySoon();
  }

  /**
   * Sends what waits, and closes when the other side has closed in its turn, or after `grace` ms. Until then it goes on
   * reading: to close with something unread resets the connection, and the other side may lose what was sent last.
   */
  shut(grace: number): void {
    this.#flush();
    const timer = setTimeout(() => this.socket.destroy(), grace);
    this.socket.once('close', () => clearTimeout(timer));
    this.socket.end();
  }

  protected override handleSend(message: unknown, callback?: (error?: unknown) => void): void {
    this.sendFrame(JSON.stringify(message));
    callback?.();
  }

  protected override handleData(data: Buffer | string): void {
    const text = typeof data === 'string' ? data : this.#decoder.write(data);
    // Appending costs nothing as long as nobody looks inside: a frame of many reads is joined once.
    this.#received = this.#received === '' ? text : this.#received + text;
    if (this.#received.length >= this.#frameLength) this.#readFrames();
    this.#watchIncompleteFrame();
  }

  /** The stock one asks the peer to close; a peer that sends no frames cannot be trusted to. */
  protected override handleDataError(error: Error): void {
    this.#received = '';
    this.socket.destroy(error);
  }

  #readFrames(): void {
    const text = this.#received;
    let at = 0;
    while (!this.socket.destroyed) {
      if (this.#frameLength < 0) {
        const end = text.indexOf(HEADER_END, at);
        if ((end < 0 ? text.length : end) - at > MAX_HEADER_LENGTH) {
          throw noHeader(text, at);
        }
        if (end < 0) break;
        this.#frameLength = this.#parseHeader(text, at, end);
        at = end + 1;
      }
      if (text.length - at < this.#frameLength) break;
      const json = text.slice(at, at + this.#frameLength);
      at += this.#frameLength;
      this.#frameLength = -1;
      this.#frameBegan = -1;
      this.emitMessage(json);
    }
    this.#received = at === 0 ? text : text.slice(at);
  }

  #parseHeader(text: string, from: number, end: number): number {
    let length = 0;
    for (let at = from; at < end; at++) {
      const digit = text.charCodeAt(at);
      if (digit < ZERO || digit > NINE) throw noHeader(text, from);
      length = length * 10 + digit - ZERO;
    }
    if (from === end) throw new FrameError(FRAME_MALFORMED);
    const most = Math.min(this.limits.maxFrameLength, this.#maxReceived);
    if (length > most) throw new FrameError(FRAME_TOO_LONG(length, most));
    return length;
  }

  protected override emitMessage(json: string): void {
    let message: unknown;
    try {
      message = JSON.parse(json);
    } catch (cause) {
      throw new FrameError(FRAME_MALFORMED, { cause });
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      throw new FrameError(FRAME_MALFORMED);
    }
    if (isNestedTooDeep(json, message)) throw new FrameError(FRAME_TOO_DEEP(MAX_NESTING));
    this.#messageLength = json.length;
    this.socket.emit('message', message);
  }

  /** The timer is put off by every read: slow but steady is fine for a while, silence in mid-frame is not. */
  #watchIncompleteFrame(): void {
    if (this.#received === '' && this.#frameLength < 0) {
      clearTimeout(this.#incompleteTimer);
      this.#incompleteTimer = undefined;
      return;
    }
    const now = performance.now();
    if (this.#frameBegan < 0) this.#frameBegan = now;
    if (now - this.#frameBegan > this.limits.frameTimeout) {
      throw new FrameError(FRAME_TOO_SLOW(this.limits.frameTimeout));
    }
    if (this.#incompleteTimer) {
      this.#incompleteTimer.refresh();
    } else if (!this.socket.destroyed) {
      const timeout = this.limits.stallTimeout;
      this.#incompleteTimer = setTimeout(
        () => this.handleDataError(new FrameError(FRAME_INCOMPLETE(timeout))),
        timeout,
      ).unref();
    }
  }

  #flush(): void {
    if (this.#gathered === '') return;
    const frames = this.#gathered;
    this.#gathered = '';
    this.#write(frames);
  }

  #write(frames: string): void {
    if (!this.socket.writable) return;
    this.socket.write(frames, 'utf8');
    const waiting = this.socket.writableLength;
    if (waiting > this.limits.maxSendBuffer) {
      this.socket.destroy(new FrameError(SEND_BUFFER_FULL(waiting)));
    } else if (waiting > WATCHED_SEND_BUFFER) {
      // Node's own idle timer: it knows how far the kernel got with a long write.
      this.socket.setTimeout(this.limits.stallTimeout);
    }
  }

  #endStalled(): void {
    this.socket.setTimeout(0);
    const waiting = this.socket.writableLength;
    if (waiting > 0) this.socket.destroy(new FrameError(SEND_BUFFER_FULL(waiting)));
  }
}

function noHeader(text: string, from: number): FrameError {
  return text.charCodeAt(from) === TLS_HANDSHAKE
    ? new FrameError(LOOKS_ENCRYPTED, undefined, 'tls')
    : new FrameError(FRAME_MALFORMED);
}

/**
 * A socket class with limits of its own: Nest hands its socket options to the stock class only.
 * @internal
 */
export function hedgeSocketClass(limits: Partial<SocketLimits> = {}): typeof HedgeSocket {
  const merged: SocketLimits = { ...DEFAULT_SOCKET_LIMITS, ...limits };
  return class extends HedgeSocket {
    protected override readonly limits = merged;
  };
}
