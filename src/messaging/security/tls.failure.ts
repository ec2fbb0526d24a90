import type { Refusal } from '../wire/refusal.js';
import {
  BROKEN_HANDSHAKE,
  CERTIFICATE_REFUSED,
  CLOSED_BEFORE_GREETING,
  DIALLED_WITHOUT_TLS,
  OTHER_SECRET,
  OTHER_TLS,
  PEER_WITHOUT_TLS,
  SECRET_REFUSED,
} from './security.messages.js';

/** Codes of Node and OpenSSL, from either side. */
const WRONG_SECRET =
  /PSK_IDENTITY_NOT_FOUND|UNKNOWN_PSK_IDENTITY|BAD_RECORD_MAC|DECRYPT_ERROR|BAD_PSK/;
const NO_TLS = /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|RECORD_TOO_LONG/;
const NOTHING_IN_COMMON =
  /NO_SHARED_CIPHER|HANDSHAKE_FAILURE|UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/;
const CERTIFICATE = /CERT|UNKNOWN_CA|UNABLE_TO_|CRL_/;
const OPENSSL_REASON = /:error:[\dA-F]+:[^:]*:[^:]*:([^:]+):/;
const CUT = /ECONNRESET|EPIPE/;

/** Why a handshake failed on the side of the server; `undefined` when the dialling side only disconnected. */
export function refusalOfHandshake(error: unknown, authorization: unknown): Refusal | undefined {
  const code = codeOf(error);
  // Node closes a connection whose certificate it refuses as if the other side had closed it.
  if (typeof authorization === 'string') {
    return { kind: 'certificate', text: CERTIFICATE_REFUSED(authorization) };
  }
  if (CUT.test(code)) return undefined;
  if (WRONG_SECRET.test(code)) return { kind: 'secret', text: OTHER_SECRET };
  if (NO_TLS.test(code)) return { kind: 'plain', text: DIALLED_WITHOUT_TLS };
  if (NOTHING_IN_COMMON.test(code)) return { kind: 'tls', text: OTHER_TLS };
  if (CERTIFICATE.test(code)) {
    return { kind: 'certificate', text: CERTIFICATE_REFUSED(reasonOf(error)) };
  }
  return { kind: 'tls', text: BROKEN_HANDSHAKE(reasonOf(error)) };
}

/** Why a member could not be dialled, and what to do; `undefined` when encryption is not the reason. */
export function reasonOfDial(error: unknown, isSecured: boolean): string | undefined {
  const code = codeOf(error);
  const isCut = error === undefined || CUT.test(code);
  if (!isSecured) return isCut ? CLOSED_BEFORE_GREETING : undefined;
  if (isCut || NO_TLS.test(code)) return PEER_WITHOUT_TLS;
  if (WRONG_SECRET.test(code)) return SECRET_REFUSED;
  if (NOTHING_IN_COMMON.test(code)) return OTHER_TLS;
  if (CERTIFICATE.test(code)) return CERTIFICATE_REFUSED(reasonOf(error));
  return code.startsWith('ERR_SSL_') ? BROKEN_HANDSHAKE(reasonOf(error)) : undefined;
}

/** The code of an error. For EPROTO, which Node gives when bytes waited to be written, it has OpenSSL's reason in it. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code !== 'string') return '';
  return code === 'EPROTO' ? `ERR_SSL_${reasonOf(error).toUpperCase().replaceAll(' ', '_')}` : code;
}

/** OpenSSL's reason, without the address and the source line in its messages. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { reason } = error as { reason?: unknown };
  if (typeof reason === 'string') return reason;
  return OPENSSL_REASON.exec(error.message)?.[1] ?? error.message;
}
