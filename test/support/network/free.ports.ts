import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Below those that the kernel gives to connections, which would take a free one before its test does. */
const PORTS = { first: 10_000, count: 20_000 };
/** Processes begin to look at places of their own. */
let looked = process.pid * 97;

/** A port of the loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    looked += 1;
    const port = PORTS.first + (looked % PORTS.count);
    if (await isPortFree(port)) return port;
  }
}

/** The first of `length` neighbouring ports of the loopback that are all free. */
export async function startOfFreeRange(length: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const others = Array.from({ length: length - 1 }, (_, at) => isPortFree(first + 1 + at));
    if ((await Promise.all(others)).every(Boolean)) return first;
  }
}

/** Whether nobody listens on the port of the loopback. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Whether somebody takes connections there. */
export async function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
