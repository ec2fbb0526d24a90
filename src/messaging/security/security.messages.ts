import { shown } from '../../errors/index.js';

export const INVALID_SECRET =
  'Expected `secret` to be a string that is not empty, or a list of at least one such string: the first dials, all are accepted.';

export const SHORT_SECRET = (least: number) =>
  `The \`secret\` is shorter than ${least} characters, and can be guessed by whoever sees one connection. Make one with: openssl rand -base64 32`;

export const UNSECURED_PORT = (host: string) =>
  `The port is bound to ${host}, and whoever reaches it can pose as a member: messages are neither encrypted nor authenticated. ` +
  'Give all members the same `secret` (or `tls`), or bind a loopback address.';

export const UNKNOWN_TLS_FIELD = (field: string, known: string[]) =>
  `\`tls\` knows no field \`${field}\`. Its fields are: ${known.join(', ')}.`;

export const BAD_TLS = (reason: string) =>
  `\`tls\` cannot be used: ${reason}. It takes \`key\`, \`cert\` and \`ca\` as PEM, of one certificate and whoever signed it.`;

export const CLOSED_BEFORE_GREETING =
  'it closed the connection before it greeted (does it ask for a `secret` or `tls` that this member lacks? Give all members the same)';

export const PEER_WITHOUT_TLS =
  'it ended the encrypted handshake (does it lack the `secret` or `tls` that this member has? Give all members the same)';

export const SECRET_REFUSED =
  'it does not know the `secret` of this member (do both have the same `secret`? While rotating, all members must accept the new one before any dials with it)';

export const DIALLED_WITHOUT_TLS =
  'it dials without TLS (is `secret` or `tls` missing there? Give all members the same)';

export const OTHER_SECRET =
  'it has another `secret` (do both have the same `secret`? While rotating, all members must accept the new one before any dials with it)';

export const OTHER_TLS =
  'both have no kind of encryption in common (give all members the same: either `secret` or `tls`)';

export const CERTIFICATE_REFUSED = (reason: string) =>
  `a certificate was refused: ${shown(reason)} (is it of the same \`tls.ca\`, valid now, for the name that is dialled, and for both serverAuth and clientAuth?)`;

export const BROKEN_HANDSHAKE = (reason: string) => `the TLS handshake failed: ${shown(reason)}`;
