import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { HedgeError } from '../../errors/index.js';
import { INVALID_ADDRESS, NO_ADDRESS_TO_DIAL } from './wire.messages.js';

const MAX_PORT = 65_535;
const LOOPBACK = '127.0.0.1';
/** A host in brackets or a host without colons, then the port. */
const ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]/\s]*)):(\d{1,5})$/;
/** `0.0.0.0` and `::`: a member can bind them, and other members cannot dial them. */
const UNSPECIFIED = /^[0.:]+$/;

/**
 * Reads an address option: `':8080'`, `'host:8080'`, `'[::1]:8080'`, `':0'` and `''` (any free port). `host` is absent
 * when the address names none.
 *
 * @throws HedgeError INVALID_OPTIONS
 */
export function parseAddress(address: unknown, field = 'address'): { host?: string; port: number } {
  if (address === '') return { port: 0 };
  const parsed = typeof address === 'string' ? split(address) : undefined;
  if (!parsed) {
    const got = typeof address === 'string' ? `'${address}'` : String(address);
    throw new HedgeError('INVALID_OPTIONS', INVALID_ADDRESS(field, got));
  }
  const { host, port } = parsed;
  if (host === '') return { port };
  if (UNSPECIFIED.test(host)) {
    throw new HedgeError('INVALID_OPTIONS', NO_ADDRESS_TO_DIAL(field, String(address)));
  }
  return { host, port };
}

/** Where a member is dialled; `undefined` when its id is no `host:port`. */
export function parsePeerAddress(id: string): { host: string; port: number } | undefined {
  const parsed = split(id);
  return parsed && parsed.host !== '' && parsed.port > 0 ? parsed : undefined;
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host at which others most likely reach this machine: its first IPv4 address, else IPv6, else the loopback. */
export function findOwnHost(interfaces = networkInterfaces()): string {
  const external = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal);
  const v4 = external.find(({ family }) => family === 'IPv4');
  // A link-local address needs a zone, which means nothing on another machine.
  const v6 = external.find(({ family, scopeid }) => family === 'IPv6' && !scopeid);
  return v4?.address ?? v6?.address ?? LOOPBACK;
}

function split(address: string): { host: string; port: number } | undefined {
  const match = ADDRESS.exec(address);
  if (!match) return undefined;
  const [, bracketed, plain = '', digits] = match;
  const port = Number(digits);
  if (port > MAX_PORT || (bracketed !== undefined && !isIPv6(bracketed))) return undefined;
  return { host: bracketed ?? plain, port };
}
