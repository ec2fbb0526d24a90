import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { HELLO_ROUTE, isHello, isRequestPacket } from '../../../src/messaging/wire/protocol.js';

/** What went over the connections that one member dialled to another, so far. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  /** Greetings not counted. */
  requests: number;
  /** Bytes from who dialled, as the socket counts them. */
  asked: number;
  /** Bytes back. */
  answered: number;
}

interface Connection {
  readonly socket: Socket;
  flow: Flow | undefined;
}

/** Counts at the sockets that this process accepts: whoever counts in all processes of a group has counted it all. */
export class Traffic {
  readonly #flows = new Map<string, Flow>();
  readonly #open = new Set<Connection>();

  constructor() {
    subscribe('net.server.socket', (message) =>
      this.#count((message as { socket: Socket }).socket),
    );
  }

  /** Since the start of the process. */
  get flows(): Flow[] {
    const flows = new Map([...this.#flows].map(([key, flow]) => [key, { ...flow }]));
    for (const { socket, flow } of this.#open) {
      if (flow) add(flows.get(keyOf(flow))!, socket);
    }
    return [...flows.values()];
  }

  #count(socket: Socket): void {
    const connection: Connection = { socket, flow: undefined };
    this.#open.add(connection);
    socket.on('message', (packet: unknown) => {
      if (!isRequestPacket(packet)) return;
      if (packet.pattern !== HELLO_ROUTE) connection.flow!.requests++;
      else if (isHello(packet.data)) connection.flow = this.#flowOf(packet.data);
    });
    socket.once('close', () => {
      this.#open.delete(connection);
      if (connection.flow) add(connection.flow, socket);
    });
  }

  #flowOf({ from, to }: { from: string; to: string }): Flow {
    const key = keyOf({ from, to });
    const flow = this.#flows.get(key) ?? { from, to, requests: 0, asked: 0, answered: 0 };
    this.#flows.set(key, flow);
    return flow;
  }
}

function keyOf({ from, to }: { from: string; to: string }): string {
  return `${from} ${to}`;
}

function add(flow: Flow, { bytesRead, bytesWritten }: Socket): void {
  flow.asked += bytesRead;
  flow.answered += bytesWritten;
}
