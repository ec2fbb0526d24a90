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

export const NO_PEER_ADDRESS = (id: string) => `"${id}" is not host:port`;

export const HELLO_NOT_UNDERSTOOD = 'its greeting was not understood (is it a member at all?)';

export const CLOSED_BY_PEER = 'it closed the connection';

export const CLOSED_BY_SELF = 'this member is closing its connections';

export const GOING_AWAY = 'it is shutting down and did not read the request';

export const OVERLOADED_HERE = (peer: string, most: number) =>
  `${most} requests to member ${peer} wait for their answers already. Nothing was sent: send less at a time, and this one again later.`;

export const BEYOND_CREDIT = 'a stream sent more than it was granted';

export const NOT_A_REPLY = 'a message that is no reply';
