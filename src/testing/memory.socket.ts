import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from 'node:timers';
import { Duplex } from 'node:stream';

/** What a connection does besides carrying bytes. */
export interface MemoryWire {
  /** Gives the other end, connected; `undefined` where nobody listens. */
  dial(socket: MemorySocket, address: string): MemorySocket | undefined;
  /** Told of each chunk as it arrives. */
  touched(): void;
}

/** One end of a connection within the process, for those who expect a `net.Socket`. */
export class MemorySocket extends Duplex {
  readonly remoteAddress = 'memory';
  readonly localAddress = 'memory';
  /** What arrives knows nothing of who sent it, as through a real socket: not its AsyncLocalStorage either. */
  readonly #scope = new AsyncResource('HedgeMemorySocket');
  #other: MemorySocket | undefined;
  /** Calls for the next chunk, once the other end has room. */
  #more: (() => void) | undefined;

  constructor(
    private readonly wire: MemoryWire,
    /** Tells connections apart. */
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

  /** The other end of what has been dialled. */
  join(other: MemorySocket): void {
    this.#other = other;
  }

  // What a `net.Socket` has for the sake of the network, there being none.
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
