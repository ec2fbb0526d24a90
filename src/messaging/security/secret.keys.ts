import { constants, createHash, scrypt } from 'node:crypto';
import { HedgeError } from '../../errors/index.js';
import type { PortSecurity } from './port.tls.js';
import { INVALID_SECRET } from './security.messages.js';

/** The member warns of a secret with fewer characters. */
export const LEAST_SECRET_LENGTH = 16;

/** A key that is derived from a secret. */
export interface SecretKey {
  readonly key: Buffer;
  /** A digest of the key that travels in the clear, so that the other side knows which of its secrets is meant. */
  readonly identity: string;
}

const KEY_LENGTH = 32;
/** Slow on purpose, about 0.1 s: an attacker who saw an identity pays it for every guess. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 };

/**
 * The only suite that both ends accept. No certificate can replace the secret, and an attacker who learns the secret later
 * cannot read recorded traffic. With TLS 1.3, OpenSSL would offer other suites, too.
 */
const SUITE = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  // A ticket would outlive the secret that it was given for, and connections are never renegotiated.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const;

/**
 * The secrets of the option. The first one dials.
 *
 * @throws HedgeError INVALID_OPTIONS, without the value, because it may contain a secret
 */
export function checkSecret(secret: unknown): readonly string[] {
  if (secret === undefined) return [];
  const secrets: unknown[] = Array.isArray(secret) ? secret : [secret];
  if (secrets.length > 0 && secrets.every(isNonEmpty)) return secrets;
  throw new HedgeError('INVALID_OPTIONS', INVALID_SECRET);
}

/** Salted with the group: the same secret gives different keys in two groups. */
export function deriveKey(secret: string, group: string): Promise<SecretKey> {
  return new Promise((resolve, reject) => {
    scrypt(secret.normalize(), `nestjs-hedge/1/${group}`, KEY_LENGTH, COST, (error, key) => {
      if (error) reject(error);
      else resolve({ key, identity: createHash('sha256').update(key).digest('base64url') });
    });
  });
}

/** TLS with pre-shared keys. The first key dials, all are accepted. */
export function preSharedKeyTls(keys: readonly SecretKey[]): PortSecurity {
  const [own] = keys;
  const known = new Map(keys.map(({ identity, key }) => [identity, key]));
  return {
    server: { ...SUITE, pskCallback: (_socket, identity) => known.get(identity) ?? null },
    client: {
      ...SUITE,
      pskCallback: () => own && { psk: own.key, identity: own.identity },
      // There is no certificate, and so no name to check.
      checkServerIdentity: () => undefined,
    },
  };
}

function isNonEmpty(secret: unknown): secret is string {
  return typeof secret === 'string' && secret !== '';
}
