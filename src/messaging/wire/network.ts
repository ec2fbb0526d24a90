import type { AddressInfo, Server, Socket } from 'node:net';

/** What carries connections between members, where it is not TCP. */
export interface Network {
  /** Connections to this address reach the server from now on, until it is closed. */
  listen(server: Server, port: number, host: string): Promise<AddressInfo>;
  /** One that is not connected yet. */
  makeSocket(): Socket;
}
