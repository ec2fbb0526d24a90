import type { HedgeModuleOptions } from '../../../src/index.js';
import { freePort } from './free.ports.js';
import { startTcpProxy, type TcpProxy } from './tcp.proxy.js';

/** Where the member itself listens: another loopback address, so that the proxy can have the one the others dial. */
const BEHIND = '127.0.0.2';

/** The options of a member whom the others reach through a proxy only. */
export async function behindProxy(): Promise<{ options: HedgeModuleOptions; proxy: TcpProxy }> {
  const port = await freePort();
  const proxy = await startTcpProxy(`${BEHIND}:${port}`, port);
  return { options: { address: `127.0.0.1:${port}`, listenHost: BEHIND }, proxy };
}
