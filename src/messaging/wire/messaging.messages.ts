/** Every text of this room: what its errors say and what it logs. */

/** Whatever anyone may have written to the port, cut down to what a log line can take. */
function short(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

export const UNREACHABLE = (peer: string, reason: string) =>
  `Member ${peer} could not be reached: ${reason}. Nothing was sent, so the request may be repeated.`;

export const CONNECTION_LOST = (peer: string, route: string) =>
  `The connection to member ${peer} closed before it answered "${route}". Whether the request was carried out is unknown.`;

export const REQUEST_TIMEOUT = (peer: string, route: string, timeout: number) =>
  `Member ${peer} did not answer "${route}" within ${Math.round(timeout)} ms. What was already sent may still be carried out.`;

export const REQUEST_ABORTED = (peer: string, route: string) =>
  `The request "${route}" to member ${peer} was aborted by its signal.`;

export const PEERS_CLOSED = 'This member has shut down: it sends no more requests.';

export const CONNECT_TIMEOUT = (timeout: number) =>
  `no connection within ${Math.round(timeout)} ms (the host is down, the port is filtered, or what listens there is no member)`;

export const CLOSED_BEFORE_GREETING =
  'it closed the connection before it greeted (does it ask for a `secret` or `tls` that this member lacks? Give all members the same)';

export const PEER_WITHOUT_TLS =
  'it ended the encrypted handshake (does it lack the `secret` or `tls` that this member has? Give all members the same)';

export const SECRET_REFUSED =
  'it does not know the `secret` of this member (do both have the same `secret`? While rotating, all members must accept the new one before any dials with it)';

export const CLOSED_BY_PEER = 'it closed the connection';

export const CLOSED_BY_SELF = 'this member is closing its connections';

export const NO_PEER_ADDRESS = (id: string) => `"${id}" is not host:port`;

export const HELLO_NOT_UNDERSTOOD = 'its greeting was not understood (is it a member at all?)';

export const HELLO_WRONG_GROUP = (theirs: string) =>
  `it belongs to another group, and was greeted for ${short(theirs)} (compare lockName)`;

export const HELLO_WRONG_STORE =
  'it uses another database (compare database and table names; is it of another environment?)';

export const HELLO_WRONG_MEMBER = (meant: string, found: string) =>
  `it is ${found || 'a member that is still starting'}, not ${short(meant)} (was the address reused?)`;

export const HELLO_WRONG_VERSION = (theirs: string, ours: string) =>
  `it speaks protocol ${ours} and was greeted in ${theirs} (update across neighbouring versions, one at a time)`;

export const HELLO_MALFORMED = 'the greeting is malformed';

export const OVERLOADED_HERE = (peer: string, most: number) =>
  `${most} requests to member ${peer} wait for their answers already. Nothing was sent: send less at a time, and this one again later.`;

export const OVERLOADED_THERE = (member: string, most: number) =>
  `Member ${member} is answering ${most} requests of this connection already. Nothing was done: send less at a time, and this one again later.`;

export const NO_HANDLER = (member: string, route: string) =>
  `Member ${member} has no handler for "${route}".`;

export const HANDLER_FAILED = (route: string) => `The handler of "${route}" failed.`;

export const HANDLER_UNKNOWN_ERROR = (route: string) => `The handler of "${route}" failed:`;

/** What Nest answers with in place of an error that is not an `RpcException`. */
export const INTERNAL_SERVER_ERROR = 'Internal server error';

export const REPLY_NOT_SERIALIZABLE = (route: string, reason: string) =>
  `The handler of "${route}" returned what JSON cannot carry: ${reason}.`;

export const REPLY_TOO_LARGE = (route: string, length: number, limit: number) =>
  `The reply to "${route}" is ${length} characters long as JSON; at most ${limit} fit into a message.`;

export const REQUEST_TOO_LARGE = (route: string, length: number, limit: number) =>
  `The data of "${route}" is ${length} characters long as JSON; at most ${limit} fit into a message. Send a reference to it instead.`;

export const DATA_NOT_SERIALIZABLE = (route: string, reason: string) =>
  `The data of "${route}" cannot travel as JSON: ${reason}.`;

export const NO_JSON = (field: string, type: string) =>
  `Expected \`${field}\` to be what JSON can carry: ${field} is a ${type}.`;

export const NESTED_TOO_DEEP = (levels: number) => `it is nested more than ${levels} levels deep`;

export const ITEM_NOT_SERIALIZABLE = (route: string, reason: string) =>
  `A value of the stream to "${route}" cannot travel as JSON: ${reason}.`;

export const ITEM_TOO_LARGE = (route: string, length: number, limit: number) =>
  `A value of the stream to "${route}" is ${length} characters long as JSON; at most ${limit} fit into a message. Send it in parts.`;

export const STREAM_OUTRUN = (route: string, limit: number) =>
  `The Observable streamed by "${route}" emits faster than the other side takes it, and more than ${limit} characters of JSON wait. ` +
  'An Observable cannot be told to pause: stream an async iterable (an async generator) in its place, which is asked for each value.';

export const MANY_FOR_ONE =
  'Expected `data` to be one value, got an Observable or an async iterable. To the leader, `stream()` carries those; else send what they give.';

export const STREAM_TAKEN =
  'A stream can be read by one consumer, and this one has been subscribed to or iterated before. Share it with `share()`.';

export const INPUT_SOURCE_FAILED = (route: string, reason: string) =>
  `What the caller streamed to "${route}" failed at its source${reason && `: ${reason}`}.`;

export const CALLER_GONE = (caller: string, route: string) =>
  `Member ${caller} waits no longer for "${route}": it gave up, or has what it wanted.`;

export const CALLER_LOST = (caller: string, route: string) =>
  `The connection of member ${caller} closed while "${route}" was running.`;

export const STREAM_ABANDONED = (peer: string, route: string) =>
  `Member ${peer} fell silent: the stream "${route}" was given up. What was sent may have been carried out.`;

export const DUPLICATE_ROUTE = (route: string) =>
  `Two handlers for "${route}": keep one of them, or give one another pattern.`;

export const DUPLICATE_PREFIX = (prefix: string) =>
  `Two handlers take whatever begins with "${prefix}" and has no handler of its own: keep one of them.`;

const LISTEN_HINTS: Record<string, string> = {
  EADDRINUSE: 'the port is taken. Choose another one in `address`, or end the process that uses it',
  EACCES: 'this user may not bind it. Ports below 1024 need a privilege; choose a higher one',
  EADDRNOTAVAIL:
    'this machine has no such address. Set `listenHost` to what is bound here (often 0.0.0.0) and keep in `address` what others dial',
  ENOTFOUND:
    'the host name does not resolve. Set `listenHost` to what is bound here (often 0.0.0.0) and keep in `address` what others dial',
  EAFNOSUPPORT: 'this machine has no such address family. Is IPv6 turned off?',
};

export const CANNOT_LISTEN = (host: string, port: number, code: string) =>
  `Cannot listen on ${host}:${port} (${code}): ${LISTEN_HINTS[code] ?? 'see the cause'}.`;

export const ALREADY_LISTENING = 'The message server is listening already.';

export const INVALID_ADDRESS = (field: string, got: string) =>
  `Expected \`${field}\` to be 'host:port', ':port' or '[ipv6]:port' with a port from 0 to 65535, got ${got}.`;

export const NO_ADDRESS_TO_DIAL = (field: string, got: string) =>
  `\`${field}\` is what others dial, and '${got}' means whoever dials it. Leave the host out to have it found, or name it; ` +
  'what is bound here goes into `listenHost`.';

export const TURNED_AWAY = (from: string, reason: string) =>
  `Closed a connection from ${from}: ${reason}. (Said at most once a minute for each kind of reason.)`;

export const NO_GREETING_IN_TIME = (timeout: number) => `no greeting within ${timeout} ms`;
export const NOT_GREETED = 'its first message was no greeting';
export const GOING_AWAY = 'it is shutting down and did not read the request';
export const BEYOND_CREDIT = 'a stream sent more than it was granted';
export const NOT_A_REPLY = 'a message that is no reply';
export const NOT_A_REQUEST = 'a message that is no request';
export const FRAME_MALFORMED = 'bytes that are no message';
export const FRAME_TOO_LONG = (length: number, limit: number) =>
  `a message of ${length} characters, longer than the ${limit} allowed`;
export const FRAME_TOO_SLOW = (timeout: number) =>
  `a message that was not whole after ${timeout} ms`;
export const FRAME_TOO_DEEP = (levels: number) =>
  `a message nested more than ${levels} levels deep`;
export const LOOKS_ENCRYPTED =
  'it dials with TLS, and this member does without (is `secret` or `tls` missing here? Give all members the same)';
export const DIALLED_WITHOUT_TLS =
  'it dials without TLS (is `secret` or `tls` missing there? Give all members the same)';
export const OTHER_SECRET =
  'it has another `secret` (do both have the same `secret`? While rotating, all members must accept the new one before any dials with it)';
export const OTHER_TLS =
  'both have no kind of encryption in common (give all members the same: either `secret` or `tls`)';
export const CERTIFICATE_REFUSED = (reason: string) =>
  `a certificate was refused: ${short(reason)} (is it of the same \`tls.ca\`, valid now, for the name that is dialled, and for both serverAuth and clientAuth?)`;
export const BROKEN_HANDSHAKE = (reason: string) => `the TLS handshake failed: ${short(reason)}`;
export const TOO_MANY_STRANGERS = (most: number) =>
  `more than ${most} connections have not greeted, and this was the oldest`;
export const TOO_MANY_CONNECTIONS = (most: number) =>
  `${most} connections are open, as many as there may be`;
export const FRAME_INCOMPLETE = (timeout: number) =>
  `a message that stopped half-way for ${timeout} ms`;
export const SEND_BUFFER_FULL = (waiting: number) =>
  `the other side does not read: ${waiting} bytes wait for it`;

export const TRACED_ALREADY =
  'The messages of this member are traced already: import HedgeOpenTelemetryModule once, in the root module.';

export const INVALID_SECRET = () =>
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
