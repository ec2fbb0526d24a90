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
  /** How long an arriving frame, or a large amount of bytes to send, may make no progress, in ms. @default 30,000 */
  readonly stallTimeout: number;
  /**
   * How long a frame may take to arrive, from its first byte on, in ms: a peer that sends a byte now and then makes
   * progress. @default 120,000, enough for the longest frame at 1.1 Mbit/s
   */
  readonly frameTimeout: number;
  /**
   * How many bytes may wait for a peer that does not read. @default 256 MiB: a hundred large replies may be ready in one
   * tick, before the fastest peer can read any
   */
  readonly maxSendBuffer: number;
}

export const DEFAULT_SOCKET_LIMITS: SocketLimits = {
  maxFrameLength: 16 * 1024 * 1024,
  stallTimeout: 30_000,
  frameTimeout: 120_000,
  maxSendBuffer: 256 * 1024 * 1024,
};

/** Node's own function: specs of users' apps may replace it with a fake later. */
const nextTick = process.nextTick.bind(process);

/** The bytes that arrived are no frame, or bytes cannot leave: the connection cannot go on. */
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

/** More digits than any allowed length has: a longer text is no header. */
const MAX_HEADER_LENGTH = 10;
/** Frames of one tick leave in one write, up to this length: copying longer ones costs more than it saves. */
const MAX_GATHERED_LENGTH = 64 * 1024;
/** The bytes from which on a stalled write is watched: fewer are not worth a timer. */
const WATCHED_SEND_BUFFER = 1024 * 1024;
const KEEP_ALIVE_DELAY = 15_000;
const HEADER_END = '#';
/** The first byte of a TLS connection. */
const TLS_HANDSHAKE = 0x16;
const ZERO = 48;
const NINE = 57;

/**
 * Nest's framing, on a socket that never pauses reading (READ-WHILE-WRITING). Nest's own socket stops *reading* while its
 * writes drain; when both ends do that, neither reads again. A peer that does not read its replies is cut off when too many
 * bytes wait for it.
 */
export class HedgeSocket extends JsonSocket implements FrameSink {
  protected readonly limits: SocketLimits = DEFAULT_SOCKET_LIMITS;
  readonly #decoder = new StringDecoder('utf8');
  /** Text that was received and is not read as a frame yet. */
  #received = '';
  /** The length of the frame that is being read, or -1 while its header is incomplete. */
  #frameLength = -1;
  #incompleteTimer: NodeJS.Timeout | undefined;
  /** When the first bytes of the frame that is being read came (monotonic ms), or -1 between frames. */
  #frameBegan = -1;
  #maxReceived = Infinity;
  /** The frames of this tick of the event loop: they leave together. */
  #gathered = '';
  #messageLength = 0;

  constructor(socket: Socket) {
    super(socket);
    // Small requests and replies must not wait for the acknowledgement of earlier ones (Nagle).
    socket.setNoDelay?.(true);
    // So that even a connection that only waits notices a host that is gone.
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

  /** Bytes that the other side has not read yet, as far as this side knows. */
  get waitingBytes(): number {
    return this.socket.writableLength + this.#gathered.length;
  }

  /** The length of the message that is being handled, in UTF-16 units of its JSON. */
  get messageLength(): number {
    return this.#messageLength;
  }

  /** Limits the length of received frames further than the limit of the class. */
  limitReceived(length: number): void {
    this.#maxReceived = length;
  }

  /** @returns false when the connection is closed: then nothing leaves */
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

  /** Sends a last frame, and closes after it. */
  sendLastFrame(json: string): void {
    this.sendFrame(json);
    this.#flush();
    this.socket.destroySoon();
  }

  /**
   * Sends the waiting frames, and closes when the other side has closed too, or after `grace` ms. It reads until then:
   * closing with unread bytes resets the connection, and the other side may lose the last frames.
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
    // Appending costs nothing until the text is looked into: a frame of many reads is joined once.
    this.#received = this.#received === '' ? text : this.#received + text;
    if (this.#received.length >= this.#frameLength) this.#readFrames();
    this.#watchIncompleteFrame();
  }

  /** Nest's socket asks the peer to close. A peer that sends no frames cannot be trusted to close. */
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

  /** Each read restarts the timer: a slow frame is fine for a while, silence in the middle of a frame is not. */
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
      // Node's own idle timer knows how far the kernel got with a long write.
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
 * A socket class with limits of its own: Nest passes socket options to its own class only.
 * @internal
 */
export function hedgeSocketClass(limits: Partial<SocketLimits> = {}): typeof HedgeSocket {
  const merged: SocketLimits = { ...DEFAULT_SOCKET_LIMITS, ...limits };
  return class extends HedgeSocket {
    protected override readonly limits = merged;
  };
}
