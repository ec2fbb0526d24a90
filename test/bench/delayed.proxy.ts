import { connect, createServer, type Socket } from 'node:net';
import { listenAnywhere } from '../support/network/tcp.proxy.js';

/** A server as if it were some way off: bytes arrive `delay` ms later, in either direction. */
export async function delayedProxy(
  target: string,
  delay: number,
): Promise<{ host: string; close(): void }> {
  const at = target.lastIndexOf(':');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.slice(at + 1)), target.slice(0, at));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay();
      // Timers of one length fire in the order they were set.
      from.on('data', (bytes) => setTimeout(() => to.write(bytes), delay));
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
    }
  });
  const port = await listenAnywhere(server);
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { host: `localhost:${port}`, close };
}
