import { constants, createHash, scrypt } from 'node:crypto';
import { HedgeError } from '../../errors/index.js';
import type { PortSecurity } from './port.tls.js';
import { INVALID_SECRET } from './security.messages.js';

/** Below so many characters a secret is warned about. */
export const LEAST_SECRET_LENGTH = 16;

/** What a secret becomes. */
export interface SecretKey {
  readonly key: Buffer;
  /** Travels in the clear: a digest of the key, so that the other side knows which of its secrets is meant. */
  readonly identity: string;
}

const KEY_LENGTH = 32;
/** Slow on purpose, about 0.1 s: who saw an identity in the clear has to pay it for every guess. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 };

/**
 * The one suite both ends take: no certificate can stand in for the secret, and who learns the secret later cannot
 * read what was recorded before. OpenSSL's TLS 1.3 would offer other suites beside it.
 */
const SUITE = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  // A ticket would outlive the secret it was earned with, and nothing here is ever renegotiated.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const;

/**
 * The secrets that the option gives, the one that dials first.
 *
 * @throws HedgeError INVALID_OPTIONS, without the value: it may be a secret in the wrong place.
 */
export function checkSecret(secret: unknown): readonly string[] {
  if (secret === undefined) return [];
  const secrets: unknown[] = Array.isArray(secret) ? secret : [secret];
  if (secrets.length > 0 && secrets.every(isNonEmpty)) return secrets;
  throw new HedgeError('INVALID_OPTIONS', INVALID_SECRET);
}

/** Salted with the group: the same secret in two groups gives keys that have nothing in common. */
export function deriveKey(secret: string, group: string): Promise<SecretKey> {
  return new Promise((resolve, reject) => {
    scrypt(secret.normalize(), `nestjs-hedge/1/${group}`, KEY_LENGTH, COST, (error, key) => {
      if (error) reject(error);
      else resolve({ key, identity: createHash('sha256').update(key).digest('base64url') });
    });
  });
}

/** TLS with pre-shared keys: the first one dials, all are accepted. */
export function preSharedKeyTls(keys: readonly SecretKey[]): PortSecurity {
  const [own] = keys;
  const known = new Map(keys.map(({ identity, key }) => [identity, key]));
  return {
    server: { ...SUITE, pskCallback: (_socket, identity) => known.get(identity) ?? null },
    client: {
      ...SUITE,
      pskCallback: () => own && { psk: own.key, identity: own.identity },
      // There is no certificate whose names could be checked.
      checkServerIdentity: () => undefined,
    },
  };
}

function isNonEmpty(secret: unknown): secret is string {
  return typeof secret === 'string' && secret !== '';
}
