import type { Socket } from 'node:net';
import type { Refusal } from '../wire/refusal.js';
import { NO_GREETING_IN_TIME, TOO_MANY_STRANGERS } from './server.messages.js';

/** A connection that has not greeted. */
interface Stranger {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
}

export interface ArrivalLimits {
  /** How long a connection may take to greet, its handshake included, in ms. */
  readonly helloTimeout: number;
  /** How many connections may be open that have not greeted. */
  readonly maxStrangers: number;
}

/**
 * Connections that have not greeted: silent ones, and those in the middle of their handshake. Their time and their number
 * are limited. A flood of them drives out the oldest stranger, and never a connection that has greeted.
 */
export class Arrivals {
  /** By their origin, oldest first. The two sockets of a TLS connection, one below the other, have the same origin. */
  readonly #strangers = new Map<string, Stranger>();

  constructor(
    private readonly limits: ArrivalLimits,
    private readonly refuse: (socket: Socket, refusal: Refusal) => void,
  ) {}

  add(socket: Socket): void {
    const { helloTimeout, maxStrangers } = this.limits;
    const origin = originOf(socket);
    const refusal: Refusal = { kind: 'silence', text: NO_GREETING_IN_TIME(helloTimeout) };
    const timer = setTimeout(() => this.refuse(socket, refusal), helloTimeout).unref();
    const stranger = { socket, timer };
    this.#strangers.set(origin, stranger);
    socket.once('close', () => {
      clearTimeout(timer);
      if (this.#strangers.get(origin) === stranger) this.#strangers.delete(origin);
    });
    if (this.#strangers.size > maxStrangers) this.#refuseOldest();
  }

  /** The connection has greeted, and was accepted. */
  greeted(socket: Socket): void {
    const origin = originOf(socket);
    clearTimeout(this.#strangers.get(origin)?.timer);
    this.#strangers.delete(origin);
  }

  /** Closes all strangers. The lower socket of a connection that has greeted is none: it closes with the upper one. */
  close(): void {
    for (const { socket } of this.#strangers.values()) socket.destroy();
  }

  #refuseOldest(): void {
    for (const [origin, { socket }] of this.#strangers) {
      // Its 'close' comes later: until then it would be the oldest again.
      this.#strangers.delete(origin);
      this.refuse(socket, {
        kind: 'strangers',
        text: TOO_MANY_STRANGERS(this.limits.maxStrangers),
      });
      return;
    }
  }
}

function originOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
