import type { AddressInfo, Server, Socket } from 'node:net';

/** Carries connections between members in place of TCP. */
export interface Network {
  /** From now on connections to this address reach the server, until it closes. */
  listen(server: Server, port: number, host: string): Promise<AddressInfo>;
  /** Makes a socket that is not connected yet. */
  makeSocket(): Socket;
}
