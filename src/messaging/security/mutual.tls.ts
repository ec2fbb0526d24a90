import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext, type PeerCertificate } from 'node:tls';
import { HedgeError } from '../../errors/index.js';
import type { PortSecurity } from './port.tls.js';
import { BAD_TLS, UNKNOWN_TLS_FIELD } from './security.messages.js';

/**
 * Mutual TLS between members: each shows a certificate of `ca`, and accepts no other. All texts are PEM. A member uses its
 * certificate both ways, so the extended key usage must allow `serverAuth` and `clientAuth`.
 *
 * @example
 * ```ts
 * const certificates = '/etc/hedge';
 * const tls: HedgeTlsOptions = {
 *   key: readFileSync(`${certificates}/tls.key`),
 *   cert: readFileSync(`${certificates}/tls.crt`),
 *   ca: readFileSync(`${certificates}/ca.crt`),
 * };
 * ```
 */
export interface HedgeTlsOptions {
  /** The private key of this member. */
  key: string | Buffer;
  /** The certificate of this member, followed by those between it and the `ca`. */
  cert: string | Buffer;
  /** The authorities whose certificates are accepted. Public authorities are not. */
  ca: string | Buffer | (string | Buffer)[];
  /** Decrypts the `key`, if it is encrypted. */
  passphrase?: string;
  /** The name that certificates of other members must have. @default the host that is dialled */
  servername?: string;
  /** Checks a member's certificate in place of Node. An error that it returns refuses the certificate. */
  checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
}

const REQUIRED = ['key', 'cert', 'ca'] as const;
const FIELDS = [...REQUIRED, 'passphrase', 'servername', 'checkServerIdentity'];
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Finds mistakes at the start, and not with the first connection.
 *
 * @throws HedgeError INVALID_OPTIONS, without the values, because some are private
 */
export function checkTls(tls: HedgeTlsOptions): HedgeTlsOptions {
  if (typeof tls !== 'object' || tls === null || Array.isArray(tls)) {
    throw invalid(BAD_TLS('it must be an object'));
  }
  const unknown = Object.keys(tls).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) throw invalid(UNKNOWN_TLS_FIELD(unknown, FIELDS));
  const missing = REQUIRED.find((field) => !isPem(tls[field]));
  if (missing) throw invalid(BAD_TLS(`\`tls.${missing}\` is required, in PEM format`));
  const { servername, checkServerIdentity, passphrase } = tls;
  for (const [field, value] of Object.entries({ servername, passphrase })) {
    if (value !== undefined && typeof value !== 'string') {
      throw invalid(BAD_TLS(`\`tls.${field}\` must be a string`));
    }
  }
  if (checkServerIdentity !== undefined && typeof checkServerIdentity !== 'function') {
    throw invalid(BAD_TLS('`tls.checkServerIdentity` must be a function'));
  }
  try {
    checkAuthorities(tls.ca);
    const { key, cert, ca } = tls;
    createSecureContext({ key, cert, ca, passphrase });
  } catch (cause) {
    throw invalid(BAD_TLS(reasonOf(cause)), { cause });
  }
  return tls;
}

export function mutualTls(tls: HedgeTlsOptions): PortSecurity {
  const { key, cert, ca, passphrase, servername, checkServerIdentity } = tls;
  const both = {
    key,
    cert,
    ca,
    passphrase,
    rejectUnauthorized: true,
    // Both ends are this library.
    minVersion: 'TLSv1.3',
    // A ticket would outlive the certificate that it was given for.
    secureOptions: constants.SSL_OP_NO_TICKET,
  } as const;
  return {
    server: { ...both, requestCert: true },
    client: {
      ...both,
      ...(servername !== undefined && { servername }),
      ...(checkServerIdentity && { checkServerIdentity }),
    },
  };
}

/** OpenSSL skips an authority that it cannot read, and later refuses every certificate of it. */
function checkAuthorities(ca: HedgeTlsOptions['ca']): void {
  for (const text of [ca].flat()) {
    const pems = text.toString().match(CERTIFICATE) ?? [];
    const certificates = pems.map((pem) => new X509Certificate(pem));
    if (certificates.length === 0) throw new TypeError('`tls.ca` contains no certificate');
  }
}

function isPem(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isPem);
  return (typeof value === 'string' || Buffer.isBuffer(value)) && value.length > 0;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { reason } = cause as { reason?: unknown };
  return typeof reason === 'string' ? reason : cause.message;
}

function invalid(message: string, options?: ErrorOptions): HedgeError {
  return new HedgeError('INVALID_OPTIONS', message, options);
}
