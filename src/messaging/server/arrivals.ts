import type { Socket } from 'node:net';
import type { Refusal } from '../wire/refusal.js';
import { NO_GREETING_IN_TIME, TOO_MANY_STRANGERS } from './server.messages.js';

interface Arrival {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
}

/**
 * Connections that have not greeted, in mid-handshake or silent: each has its time, and there is room for so many.
 * Whoever floods the port drives out the oldest, never those who have greeted.
 */
export class Arrivals {
  /** By where they come from, oldest first: of a TLS connection the one below it and the one above share it. */
  readonly #waiting = new Map<string, Arrival>();

  constructor(
    /** ms */
    private readonly timeout: number,
    private readonly most: number,
    private readonly turnAway: (socket: Socket, refusal: Refusal) => void,
  ) {}

  add(socket: Socket): void {
    const place = placeOf(socket);
    const refusal: Refusal = { kind: 'silence', text: NO_GREETING_IN_TIME(this.timeout) };
    const timer = setTimeout(() => this.turnAway(socket, refusal), this.timeout).unref();
    const arrival = { socket, timer };
    this.#waiting.set(place, arrival);
    socket.once('close', () => {
      clearTimeout(timer);
      if (this.#waiting.get(place) === arrival) this.#waiting.delete(place);
    });
    if (this.#waiting.size > this.most) this.#turnOldestAway();
  }

  /** It has greeted, and was accepted. */
  greeted(socket: Socket): void {
    const place = placeOf(socket);
    clearTimeout(this.#waiting.get(place)?.timer);
    this.#waiting.delete(place);
  }

  /** Ends them all, and no others: what lies below a connection that has greeted ends with it. */
  close(): void {
    for (const { socket } of this.#waiting.values()) socket.destroy();
  }

  #turnOldestAway(): void {
    for (const [place, { socket }] of this.#waiting) {
      // Its 'close' comes later: until then it would be the oldest again.
      this.#waiting.delete(place);
      this.turnAway(socket, { kind: 'strangers', text: TOO_MANY_STRANGERS(this.most) });
      return;
    }
  }
}

function placeOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
