import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from 'node:timers';
import { Duplex } from 'node:stream';

/** The network of a connection. */
export interface MemoryWire {
  /** Returns the connected other end, or `undefined` if no member listens. */
  dial(socket: MemorySocket, address: string): MemorySocket | undefined;
  /** Called when a chunk arrives. */
  touched(): void;
}

/** An end of a connection within the process, for code that expects a `net.Socket`. */
export class MemorySocket extends Duplex {
  readonly remoteAddress = 'memory';
  readonly localAddress = 'memory';
  /** A chunk arrives without the AsyncLocalStorage of its sender, as through a real socket. */
  readonly #scope = new AsyncResource('HedgeMemorySocket');
  #other: MemorySocket | undefined;
  /** Asks for the next chunk when the other end can take it. */
  #more: (() => void) | undefined;

  constructor(
    private readonly wire: MemoryWire,
    /** Identifies the connection. */
    readonly remotePort: number,
  ) {
    super({ allowHalfOpen: false });
  }

  connect(port: number, host: string): this {
    setImmediate(() => {
      if (this.destroyed) return;
      this.#other = this.wire.dial(this, `${host}:${port}`);
      if (this.#other) this.emit('connect');
    });
    return this;
  }

  /** The other end of a dialled connection. */
  join(other: MemorySocket): void {
    this.#other = other;
  }

  // Methods of `net.Socket` that need a network, which does not exist here.
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }

  override _write(chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    setImmediate(() => {
      this.wire.touched();
      const other = this.#other;
      if (!other || other.destroyed || other.#arrived(chunk)) done();
      else other.#more = done;
    });
  }

  override _final(done: () => void): void {
    this.#hangUp();
    done();
  }

  override _read(): void {
    this.#letGoOn();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#hangUp();
    this.#letGoOn();
    done(error);
  }

  #arrived(chunk: unknown): boolean {
    return this.#scope.runInAsyncScope(() => this.push(chunk));
  }

  #letGoOn(): void {
    const more = this.#more;
    this.#more = undefined;
    more?.();
  }

  #hangUp(): void {
    const other = this.#other;
    this.#other = undefined;
    setImmediate(() => {
      this.wire.touched();
      if (other && !other.destroyed && !other.readableEnded) other.#arrived(null);
    });
  }
}
