import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy between the code under test and a server, whose network can be made to fail. */
export interface TcpProxy {
  /** `localhost:port` */
  readonly host: string;
  readonly port: number;
  /** How many connections are open at this moment. */
  readonly connections: number;
  /** Tells of all bytes that pass from now on, in either direction. */
  tap(listener: (bytes: Buffer) => void): void;
  /** Ends every connection at once, and refuses new ones by ending them too. */
  cut(): void;
  /**
   * Connections stay open, and accept bytes, but nothing gets through any more: a half-open flow. New ones are
   * swallowed too.
   */
  blackhole(): void;
  /**
   * Drops only the flows that are open now, silently and for good, as a router that forgot them does. New ones pass.
   */
  dropOpenFlows(): void;
  /** Lets everything through again; what was swallowed is lost, and its connections are ended. */
  resume(): void;
  close(): Promise<void>;
}

interface Flow {
  readonly sides: readonly [Socket, Socket];
  dropped: boolean;
}

/** Listens on the loopback, on a free port unless told which, and forwards to `target` (`host:port`). */
export async function startTcpProxy(target: string, at = 0): Promise<TcpProxy> {
  const [targetHost, targetPort] = splitHost(target);
  const flows = new Set<Flow>();
  const sockets = new Set<Socket>();
  const taps: ((bytes: Buffer) => void)[] = [];
  let mode: 'pass' | 'cut' | 'blackhole' = 'pass';
  const server = createServer((near) => {
    if (mode === 'cut') return near.destroy();
    const far = connect(targetPort, targetHost);
    const flow: Flow = { sides: [near, far], dropped: mode === 'blackhole' };
    flows.add(flow);
    for (const side of flow.sides) {
      sockets.add(side);
      side.once('close', () => sockets.delete(side));
    }
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      // Read even when dropped: a sender that is pushed back notices, one that talks to nobody does not.
      from.on('data', (bytes: Buffer) => {
        for (const listener of taps) listener(bytes);
        if (!flow.dropped) to.write(bytes);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        flows.delete(flow);
        if (!flow.dropped) to.destroy();
      });
    }
    return undefined;
  });
  const port = await listenAnywhere(server, at);
  const end = (flow: Flow) => flow.sides.forEach((side) => side.destroy());
  return {
    host: `localhost:${port}`,
    port,
    get connections() {
      return flows.size;
    },
    tap(listener) {
      taps.push(listener);
    },
    cut() {
      mode = 'cut';
      flows.forEach(end);
    },
    blackhole() {
      mode = 'blackhole';
      for (const flow of flows) flow.dropped = true;
    },
    dropOpenFlows() {
      for (const flow of flows) flow.dropped = true;
    },
    resume() {
      mode = 'pass';
      for (const flow of flows) if (flow.dropped) end(flow);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @returns the port of this machine that it now listens on: a free one unless told which */
export async function listenAnywhere(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('Not listening on TCP.');
  return address.port;
}

function splitHost(target: string): [string, number] {
  const at = target.lastIndexOf(':');
  return [target.slice(0, at), Number(target.slice(at + 1))];
}
