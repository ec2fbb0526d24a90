export const MALFORMED_REQUEST = (route: string) =>
  `The data of the request "${route}" does not have the form that members send. Nothing was done.`;

export const HANDLER_FAILED = (route: string) => `The handler of "${route}" failed.`;

/** What Nest answers with in place of an error that is not an `RpcException`. */
export const INTERNAL_SERVER_ERROR = 'Internal server error';

export const REPLY_NOT_SERIALIZABLE = (route: string, reason: string) =>
  `The handler of "${route}" ran, but its reply cannot be sent as JSON: ${reason}.`;

export const REPLY_TOO_LARGE = (route: string, length: number, limit: number) =>
  `The handler of "${route}" ran, but its reply has ${length} characters as JSON, and a message takes at most ${limit}. Reply with a reference to the data instead.`;

export const REQUEST_TOO_LARGE = (route: string, length: number, limit: number) =>
  `The data of "${route}" has ${length} characters as JSON, and a message takes at most ${limit}. Nothing was sent. Send a reference to the data instead.`;

export const DATA_NOT_SERIALIZABLE = (route: string, reason: string) =>
  `The data of "${route}" cannot be sent as JSON: ${reason}. Nothing was sent.`;

export const NO_JSON = (field: string, type: string) =>
  `Expected \`${field}\` to be a value that JSON can represent, but ${field} is a ${type}.`;

export const NESTED_TOO_DEEP = (levels: number) => `it is nested more than ${levels} levels deep`;

export const ITEM_NOT_SERIALIZABLE = (route: string, reason: string) =>
  `A value of the stream to "${route}" cannot be sent as JSON: ${reason}.`;

export const ITEM_TOO_LARGE = (route: string, length: number, limit: number) =>
  `A value of the stream to "${route}" has ${length} characters as JSON, and a message takes at most ${limit}. Send the value in parts.`;

export const MANY_FOR_ONE =
  'Expected `data` to be a single value, got an Observable or an async iterable. Use `stream()` to send the leader several values.';

export const INPUT_SOURCE_FAILED = (route: string, reason: string) =>
  `The stream that the caller sends to "${route}" failed at its source${reason && `: ${reason}`}.`;

export const STREAM_ABANDONED = (peer: string, route: string) =>
  `Member ${peer} does not answer any more, so the stream "${route}" ended. Values that were already sent may have been processed.`;

export const INVALID_ADDRESS = (field: string, got: string) =>
  `Expected \`${field}\` to be 'host:port', ':port' or '[ipv6]:port' with a port from 0 to 65535, got ${got}.`;

export const NO_ADDRESS_TO_DIAL = (field: string, got: string) =>
  `Other members dial \`${field}\`, and '${got}' leads each of them to itself. Name the host of this member, or leave the host out to have it found. ` +
  'Set `listenHost` to the address that is bound here.';

export const CONNECTION_REFUSED = (from: string, reason: string) =>
  `Closed a connection from ${from}: ${reason}. (Logged at most once a minute for each kind of reason.)`;

// Reasons for a closed connection. "It" is the other side.

export const FRAME_MALFORMED = 'it sent bytes that are not a message';

export const FRAME_TOO_LONG = (length: number, limit: number) =>
  `it sent a message of ${length} characters, and the limit is ${limit}`;

export const FRAME_TOO_SLOW = (timeout: number) =>
  `it did not complete a message within ${timeout} ms`;

export const FRAME_TOO_DEEP = (levels: number) =>
  `it sent a message that is nested more than ${levels} levels deep`;

export const FRAME_INCOMPLETE = (timeout: number) =>
  `it stopped in the middle of a message for ${timeout} ms`;

export const LOOKS_ENCRYPTED =
  'it uses TLS, and this member does not (is `secret` or `tls` missing here? Set the same on all members)';

export const SEND_BUFFER_FULL = (waiting: number) =>
  `it does not read: ${waiting} bytes wait for it`;
