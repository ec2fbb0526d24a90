export const UNREACHABLE = (peer: string, reason: string) =>
  `Member ${peer} cannot be reached: ${reason}. Nothing was sent, so the request can be repeated.`;

export const CONNECTION_LOST = (peer: string, route: string) =>
  `The connection to member ${peer} closed before the answer to "${route}". The request may or may not have been carried out.`;

export const REQUEST_TIMEOUT = (peer: string, route: string, timeout: number) =>
  `Member ${peer} did not answer "${route}" within ${Math.round(timeout)} ms. If the request was already sent, the member may still carry it out.`;

export const REQUEST_ABORTED = (peer: string, route: string) =>
  `The caller's signal aborted the request "${route}" to member ${peer}. If the request was already sent, the member may still carry it out.`;

export const PEERS_CLOSED = 'This member has shut down, and sends no more requests.';

export const OVERLOADED_HERE = (peer: string, most: number) =>
  `${most} requests to member ${peer} already wait for an answer. Nothing was sent. Send fewer requests at a time, and repeat this one later.`;

// Reasons why a member cannot be reached. "It" is that member.

export const CONNECT_TIMEOUT = (timeout: number) =>
  `no connection within ${Math.round(timeout)} ms (is the host down, does a firewall block the port, or does something other than a member listen there?)`;

export const NO_PEER_ADDRESS = (id: string) => `"${id}" is not host:port`;

export const HELLO_NOT_UNDERSTOOD = 'its answer to the greeting is malformed (is it a member?)';

export const CLOSED_BY_PEER = 'it closed the connection';

export const CLOSED_BY_SELF = 'this member closes its connections';

export const GOING_AWAY = 'it is shutting down and did not read the request';

export const BEYOND_CREDIT = 'it sent more values of a stream than it may';

export const NOT_A_REPLY = 'it sent a message that is not a reply';
