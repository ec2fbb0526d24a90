import { mutualTls, type HedgeTlsOptions } from './mutual.tls.js';
import type { PortSecurity } from './port.tls.js';
import { deriveKey, LEAST_SECRET_LENGTH, preSharedKeyTls } from './secret.keys.js';
import { SHORT_SECRET, UNSECURED_PORT } from './security.messages.js';

/** What the port is secured with, already checked. */
export interface PortSecurityOptions {
  /** The first one dials, all are accepted; none at all without a `secret`. */
  readonly secrets: readonly string[];
  readonly tls: HedgeTlsOptions | undefined;
}

/** Makes it once: deriving a key takes a tenth of a second of a thread of the pool. */
export async function securePort(
  { secrets, tls }: PortSecurityOptions,
  group: string,
): Promise<PortSecurity | undefined> {
  if (tls) return mutualTls(tls);
  if (secrets.length === 0) return undefined;
  return preSharedKeyTls(await Promise.all(secrets.map((secret) => deriveKey(secret, group))));
}

/** What whoever runs the member should know about a port bound to `host` (an IP address). */
export function portWarnings({ secrets, tls }: PortSecurityOptions, host: string): string[] {
  const warnings: string[] = [];
  if (secrets.some(({ length }) => length < LEAST_SECRET_LENGTH)) {
    warnings.push(SHORT_SECRET(LEAST_SECRET_LENGTH));
  }
  if (!tls && secrets.length === 0 && !isLoopback(host)) warnings.push(UNSECURED_PORT(host));
  return warnings;
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^(::ffff:)?127\./.test(host);
}
