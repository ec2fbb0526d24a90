import { shown } from '../../errors/index.js';

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

export const DUPLICATE_ROUTE = (route: string) =>
  `Two handlers for "${route}": keep one of them, or give one another pattern.`;

export const DUPLICATE_PREFIX = (prefix: string) =>
  `Two handlers take whatever begins with "${prefix}" and has no handler of its own: keep one of them.`;

export const HELLO_WRONG_GROUP = (theirs: string) =>
  `it belongs to another group, and was greeted for ${shown(theirs)} (compare lockName)`;

export const HELLO_WRONG_STORE =
  'it uses another database (compare database and table names; is it of another environment?)';

export const HELLO_WRONG_MEMBER = (meant: string, found: string) =>
  `it is ${found || 'a member that is still starting'}, not ${shown(meant)} (was the address reused?)`;

export const HELLO_WRONG_VERSION = (theirs: string, ours: string) =>
  `it speaks protocol ${ours} and was greeted in ${theirs} (update across neighbouring versions, one at a time)`;

export const HELLO_MALFORMED = 'the greeting is malformed';

export const NO_GREETING_IN_TIME = (timeout: number) => `no greeting within ${timeout} ms`;

export const NOT_GREETED = 'its first message was no greeting';

export const NOT_A_REQUEST = 'a message that is no request';

export const TOO_MANY_STRANGERS = (most: number) =>
  `more than ${most} connections have not greeted, and this was the oldest`;

export const TOO_MANY_CONNECTIONS = (most: number) =>
  `${most} connections are open, as many as there may be`;

export const OVERLOADED_THERE = (member: string, most: number) =>
  `Member ${member} is answering ${most} requests of this connection already. Nothing was done: send less at a time, and this one again later.`;

export const NO_HANDLER = (member: string, route: string) =>
  `Member ${member} has no handler for "${route}".`;

export const HANDLER_UNKNOWN_ERROR = (route: string) => `The handler of "${route}" failed:`;

export const STREAM_TAKEN =
  'A stream can be read by one consumer, and this one has been subscribed to or iterated before. Share it with `share()`.';

export const CALLER_GONE = (caller: string, route: string) =>
  `Member ${caller} waits no longer for "${route}": it gave up, or has what it wanted.`;

export const CALLER_LOST = (caller: string, route: string) =>
  `The connection of member ${caller} closed while "${route}" was running.`;
