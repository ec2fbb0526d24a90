import { mutualTls, type HedgeTlsOptions } from './mutual.tls.js';
import type { PortSecurity } from './port.tls.js';
import { deriveKey, LEAST_SECRET_LENGTH, preSharedKeyTls } from './secret.keys.js';
import { SHORT_SECRET, UNSECURED_PORT } from './security.messages.js';

/** What secures the port, already checked. */
export interface PortSecurityOptions {
  /** This member dials with the first secret, and accepts all of them. Empty without a `secret`. */
  readonly secrets: readonly string[];
  readonly tls: HedgeTlsOptions | undefined;
}

/** Call it once: to derive a key takes a thread of the pool a tenth of a second. */
export async function securePort(
  { secrets, tls }: PortSecurityOptions,
  group: string,
): Promise<PortSecurity | undefined> {
  if (tls) return mutualTls(tls);
  if (secrets.length === 0) return undefined;
  return preSharedKeyTls(await Promise.all(secrets.map((secret) => deriveKey(secret, group))));
}

/** Warnings about a port that is bound to `host` (an IP address). */
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
