import { shown } from '../../errors/index.js';

const LISTEN_HINTS: Record<string, string> = {
  EADDRINUSE:
    'the port is in use. Choose another port in `address`, or end the process that uses it',
  EACCES: 'this user may not bind the port. Choose a port above 1023: lower ports need a privilege',
  EADDRNOTAVAIL:
    'this machine does not have the address. Set `listenHost` to the address that is bound here (often 0.0.0.0), and keep in `address` the one that others dial',
  ENOTFOUND:
    'the host name does not resolve. Set `listenHost` to the address that is bound here (often 0.0.0.0), and keep in `address` the one that others dial',
  EAFNOSUPPORT: 'this machine does not have the address family. Is IPv6 turned off?',
};

export const CANNOT_LISTEN = (host: string, port: number, code: string) =>
  `Cannot listen on ${host}:${port} (${code}): ${LISTEN_HINTS[code] ?? 'see the cause'}.`;

export const ALREADY_LISTENING = 'The message server is already listening.';

export const DUPLICATE_ROUTE = (route: string) =>
  `There are two handlers for "${route}". Remove one of them, or change its pattern.`;

export const DUPLICATE_PREFIX = (prefix: string) =>
  `There are two handlers for every message that begins with "${prefix}" and has no handler of its own. Remove one of them.`;

// Why a greeting is refused. Both sides read it, so it speaks of neither as "this member".

export const HELLO_WRONG_GROUP = (theirs: string) =>
  `the greeting is for group ${shown(theirs)}, and the member that got it is in another group (compare \`lockName\`)`;

export const HELLO_WRONG_STORE =
  'the two members use different databases or tables (compare `database`, `lockTable` and `logTable`. Is one of them in another environment?)';

export const HELLO_WRONG_MEMBER = (meant: string, found: string) =>
  `the greeting is for member ${shown(meant)}, and ${found || 'a member that is still starting'} got it (was the address reused?)`;

export const HELLO_WRONG_VERSION = (theirs: string, ours: string) =>
  `the greeting offers protocol ${theirs}, and the member that got it speaks protocol ${ours} (update in steps: from each version to the next)`;

export const HELLO_MALFORMED = 'the greeting is malformed';

// Other reasons for a closed connection. "It" is the other side.

export const NO_GREETING_IN_TIME = (timeout: number) => `it sent no greeting within ${timeout} ms`;

export const NOT_GREETED = 'its first message was not a greeting';

export const NOT_A_REQUEST = 'it sent a message that is not a request';

export const TOO_MANY_STRANGERS = (most: number) =>
  `more than ${most} connections have sent no greeting yet, and this one is the oldest`;

export const TOO_MANY_CONNECTIONS = (most: number) =>
  `this member has ${most} open connections, and that is its limit`;

// Answers to requests

export const OVERLOADED_THERE = (member: string, most: number) =>
  `Member ${member} is already answering ${most} requests of this connection. Nothing was done. Send fewer requests at a time, and repeat this one later.`;

export const NO_HANDLER = (member: string, route: string) =>
  `Member ${member} has no handler for "${route}". Nothing was done.`;

export const HANDLER_UNKNOWN_ERROR = (route: string) => `The handler of "${route}" failed:`;

export const STREAM_TAKEN =
  'A stream has a single consumer, and this stream was subscribed to or iterated before. Use `share()` to give it to several consumers.';

export const CALLER_GONE = (caller: string, route: string) =>
  `Member ${caller} does not wait for "${route}" any more.`;

export const CALLER_LOST = (caller: string, route: string) =>
  `The connection of member ${caller} closed while the handler of "${route}" was running.`;
