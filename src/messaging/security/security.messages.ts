import { shown } from '../../errors/index.js';

export const INVALID_SECRET =
  'Expected `secret` to be a non-empty string, or a list with at least one such string. A member dials with the first, and accepts all of them.';

export const SHORT_SECRET = (least: number) =>
  `The \`secret\` has fewer than ${least} characters. An attacker that records one connection can guess it. Make a new one with: openssl rand -base64 32`;

export const UNSECURED_PORT = (host: string) =>
  `The port is bound to ${host}, and its messages are neither encrypted nor authenticated. Any process that reaches the port can pose as a member. ` +
  'Set the same `secret` (or `tls`) on all members, or bind a loopback address.';

export const UNKNOWN_TLS_FIELD = (field: string, known: string[]) =>
  `\`tls\` has no field \`${field}\`. Its fields are: ${known.join(', ')}.`;

export const BAD_TLS = (reason: string) =>
  `\`tls\` cannot be used: ${reason}. Set \`key\` and \`cert\` of this member, and the \`ca\` that signs the certificates of all members, in PEM format.`;

// Reasons for a connection that failed. "It" is the other side.

export const CLOSED_BEFORE_GREETING =
  'it closed the connection before its greeting (does it need a `secret` or `tls` that this member lacks? Set the same on all members)';

export const PEER_WITHOUT_TLS =
  'it ended the TLS handshake (does it lack the `secret` or `tls` that this member has? Set the same on all members)';

export const SECRET_REFUSED =
  'it does not accept the `secret` of this member (do both have the same `secret`? In a rotation, all members must accept the new secret before any member dials with it)';

export const DIALLED_WITHOUT_TLS =
  'it dials without TLS (does it lack `secret` or `tls`? Set the same on all members)';

export const OTHER_SECRET =
  'it has another `secret` (do both have the same `secret`? In a rotation, all members must accept the new secret before any member dials with it)';

export const OTHER_TLS =
  'the two members have no kind of encryption in common (set the same on all members: either `secret` or `tls`)';

export const CERTIFICATE_REFUSED = (reason: string) =>
  `a certificate was refused: ${shown(reason)} (did the same \`tls.ca\` sign it? Is it valid now, for the name that is dialled, and for both serverAuth and clientAuth?)`;

export const BROKEN_HANDSHAKE = (reason: string) => `the TLS handshake failed: ${shown(reason)}`;
