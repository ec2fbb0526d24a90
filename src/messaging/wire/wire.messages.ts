export const MALFORMED_REQUEST = (route: string) =>
  `The request "${route}" is not one a member sends.`;

export const HANDLER_FAILED = (route: string) => `The handler of "${route}" failed.`;

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

export const MANY_FOR_ONE =
  'Expected `data` to be one value, got an Observable or an async iterable. To the leader, `stream()` carries those; else send what they give.';

export const INPUT_SOURCE_FAILED = (route: string, reason: string) =>
  `What the caller streamed to "${route}" failed at its source${reason && `: ${reason}`}.`;

export const STREAM_ABANDONED = (peer: string, route: string) =>
  `Member ${peer} fell silent: the stream "${route}" was given up. What was sent may have been carried out.`;

export const INVALID_ADDRESS = (field: string, got: string) =>
  `Expected \`${field}\` to be 'host:port', ':port' or '[ipv6]:port' with a port from 0 to 65535, got ${got}.`;

export const NO_ADDRESS_TO_DIAL = (field: string, got: string) =>
  `\`${field}\` is what others dial, and '${got}' means whoever dials it. Leave the host out to have it found, or name it; ` +
  'what is bound here goes into `listenHost`.';

export const TURNED_AWAY = (from: string, reason: string) =>
  `Closed a connection from ${from}: ${reason}. (Said at most once a minute for each kind of reason.)`;

export const FRAME_MALFORMED = 'bytes that are no message';

export const FRAME_TOO_LONG = (length: number, limit: number) =>
  `a message of ${length} characters, longer than the ${limit} allowed`;

export const FRAME_TOO_SLOW = (timeout: number) =>
  `a message that was not whole after ${timeout} ms`;

export const FRAME_TOO_DEEP = (levels: number) =>
  `a message nested more than ${levels} levels deep`;

export const FRAME_INCOMPLETE = (timeout: number) =>
  `a message that stopped half-way for ${timeout} ms`;

export const LOOKS_ENCRYPTED =
  'it dials with TLS, and this member does without (is `secret` or `tls` missing here? Give all members the same)';

export const SEND_BUFFER_FULL = (waiting: number) =>
  `the other side does not read: ${waiting} bytes wait for it`;
