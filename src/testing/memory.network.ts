import { AsyncResource } from 'node:async_hooks';
import type { AddressInfo, Server, Socket } from 'node:net';
import { ADDRESS_TAKEN, NOBODY_THERE } from './testing.messages.js';
import type { Network } from '../messaging/index.js';
import { MemorySocket, type MemoryWire } from './memory.socket.js';

/** Connects the members of a group within the process, without TCP. */
export class MemoryNetwork {
  readonly #listening = new Map<string, MemoryEndpoint>();
  #connections = 0;

  constructor(
    /** Called when a chunk arrives. */
    readonly touched: () => void,
  ) {}

  listen(address: string, endpoint: MemoryEndpoint): void {
    if (this.#listening.has(address)) {
      throw Object.assign(new Error(ADDRESS_TAKEN(address)), { code: 'EADDRINUSE' });
    }
    this.#listening.set(address, endpoint);
  }

  leave(endpoint: MemoryEndpoint): void {
    for (const [address, other] of this.#listening) {
      if (other === endpoint) this.#listening.delete(address);
    }
  }

  at(address: string): MemoryEndpoint | undefined {
    return this.#listening.get(address);
  }

  nextConnection(): number {
    return ++this.#connections;
  }
}

/** A member's end of the network. */
export class MemoryEndpoint implements Network, MemoryWire {
  readonly #sockets = new Set<MemorySocket>();
  /** The AsyncLocalStorage of its listener: in production, a dialling member is another process. */
  readonly #scope = new AsyncResource('HedgeMemoryEndpoint');
  #server: Server | undefined;
  #isCut = false;

  constructor(private readonly network: MemoryNetwork) {}

  async listen(server: Server, port: number, host: string): Promise<AddressInfo> {
    this.network.listen(`${host}:${port}`, this);
    this.#server = server;
    server.once('close', () => this.network.leave(this));
    // As for an address that only this machine reaches.
    return { address: '127.0.0.1', port, family: 'IPv4' };
  }

  makeSocket(): Socket {
    return this.#make() as unknown as Socket;
  }

  dial(socket: MemorySocket, address: string): MemorySocket | undefined {
    const target = this.#isCut ? undefined : this.network.at(address);
    if (target) return target.#scope.runInAsyncScope(() => target.#accept(socket));
    const text = NOBODY_THERE(address);
    socket.destroy(Object.assign(new Error(text), { code: 'ECONNREFUSED' }));
    return undefined;
  }

  touched(): void {
    this.network.touched();
  }

  /** Closes all connections and opens no more, as when the process ends. */
  cut(): void {
    this.#isCut = true;
    this.network.leave(this);
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: MemorySocket): MemorySocket {
    const own = this.#make();
    own.join(socket);
    this.#server?.emit('connection', own);
    return own;
  }

  #make(): MemorySocket {
    const socket = new MemorySocket(this, this.network.nextConnection());
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
