import { inspect } from 'node:util';

/** Every text of the rooms without a messages file of their own: what errors say, what is logged. */

/** A value as a person would recognise it, cut short. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 0 });
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Whatever was thrown, as text: an object without a prototype has no `toString`. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : inspect(thrown, { depth: 0 });
}

/** A few of many, by name. */
function listed(names: string[]): string {
  const rest = names.length - 3;
  return rest > 0 ? `${names.slice(0, 3).join(', ')} and ${rest} more` : names.join(', ');
}

// Options and arguments

export const EXPECTED = (field: string, expected: string, got: unknown) =>
  `Expected \`${field}\` to be ${expected}, got ${shown(got)}.`;

export const UNKNOWN_OPTION = (field: string, known: string[]) =>
  `HedgeModule knows no option \`${field}\`. Its options are: ${known.join(', ')}.`;

export const CONFLICTING_OPTIONS = (one: string, other: string) =>
  `Give either \`${one}\` or \`${other}\`, not both.`;

export const STORE_HAS_TABLES = (field: string) =>
  `\`${field}\` belongs to the store when \`store\` is given: pass it where the store is made.`;

export const LOCK_NAME_REQUIRED = () =>
  'Give a `lockName`: it names the group, and apps that share the database must not share it by accident.';

export const DATABASE_REQUIRED = () =>
  'Give a `database` (or a `store`). Without one the members would each use a file of their own and all of them would lead: ' +
  'this looks like production (NODE_ENV=production or KUBERNETES_SERVICE_HOST is set). ' +
  "For a single machine say so: database: 'sqlite:./hedge.db'.";

export const EMBEDDED_BY_DEFAULT = (file: string) =>
  `No \`database\` given: using the embedded store ${file}, which serves the processes of this machine only.`;

export const MODULE_TWICE = () =>
  'HedgeModule.forRoot() is imported twice. One app is a member of one group: import it once, in the root module (it is global).';

export const INVALID_NAME = (what: string, name: unknown) =>
  `Expected the ${what}'s name to be 1 to 1,000 characters of text without '#', '/' and NUL, got ${shown(name)}.`;

export const RESERVED_KEY = (key: string) =>
  `Keys that begin with '__hedge/' are reserved, got ${shown(key)}.`;

export const TOO_LARGE = (what: string, size: number, most: number, unit: string) =>
  `The ${what} has ${size} ${unit}; the log takes ${most} at the most. Keep large data elsewhere and put a reference to it.`;

export const MALFORMED_TEXT = (field: string) =>
  `The ${field} holds half of a surrogate pair, which is no text: see String.prototype.toWellFormed().`;

export const FOREIGN_TERM = () =>
  '`term` must be a Leadership of this very member, as `HedgeService.leadership` gives it.';

export const FOREIGN_LOCK = (got: unknown) =>
  `${EXPECTED('lock', 'a Lock that this very member acquired', got)} Leave the option out to put without a lock.`;

export const PUT_TIMEOUT_TOO_LONG = (timeout: number, most: number) =>
  `A put may be retried for ${most} ms at the most (twice \`requestTimeout\`), got a timeout of ${timeout} ms.`;

// Running

export const NOT_RUNNING_YET = () =>
  'The member has not started: it does so in onApplicationBootstrap. Call this later, or await `app.init()` or `app.listen()` first.';

export const NOT_RUNNING_ANY_MORE = () =>
  'The member has shut down (onApplicationShutdown has run).';

export const CLOSING_TAKES_NO_LOCKS = () =>
  'The member shuts down, and what it waits for has had `drainTimeout`: no more locks or permits are taken.';

export const WAITING_FOR_STORE = (description: string, error: unknown) =>
  `The store (${description}) is not available; trying again until it is. ${textOf(error)}`;

export const STORE_IS_BACK = (description: string) => `The store (${description}) is available.`;

export const NO_SIGTERM_LISTENER = () =>
  'This member leads, and SIGTERM would end it without giving the lock back: the group would be without a leader for a whole lease. Call app.enableShutdownHooks() in main.ts.';

// Waiting

export const TIMED_OUT = (what: string) =>
  `Timed out while ${what}. What was already sent may still happen.`;

export const STILL_HELD = (label: string, timeout: number, holder: string) =>
  `Timed out after ${Math.round(timeout)} ms of waiting for ${label}: when the store was last asked, member ${holder} was in the way.`;

export const STILL_IN_LINE = (label: string) =>
  `Timed out while waiting in line for ${label}: others came before, and have it or wait for it.`;

export const STILL_UNLED = (label: string) =>
  `Timed out while waiting for ${label}: there was no leader to keep the line. Allow more than the second after which the store is asked without one, or use tryAcquire(), which asks it at once.`;

export const ABORTED = (what: string) => `Given up by its signal while ${what}.`;

export const NO_LEADER = (timeout: number) =>
  `No member led the group within ${Math.round(timeout)} ms. Is any candidate running, and can it reach the store?`;

export const NO_LEADER_ANSWERED = () =>
  'No leader took the request in time. Nothing was done: it may be repeated.';

export const OUTCOME_UNKNOWN = () =>
  'The connection was lost before the leader answered, and no other leader did in time: whether the request was carried out is unknown.';

// Sessions and leadership

export const RENEWAL_FAILED = (remaining: number, error: unknown) =>
  `The session could not be renewed; it ends in ${Math.max(0, Math.round(remaining))} ms unless a retry succeeds. ${textOf(error)}`;

export const ELECTION_FAILED = (error: unknown) =>
  `The store does not say who leads; asking again until it does. ${textOf(error)}`;

/** By `LossReason`. */
const LOSSES: Record<string, string> = {
  released: 'it was given back',
  expired: 'its deadline passed before the store confirmed a renewal',
  'session-gone': 'others ended its session in the store',
  'fence-gone': 'its fence is gone from the store',
  superseded: 'another member holds a newer term',
  'stepped-down': 'the app asked it to step down',
  shutdown: 'the app is closing',
};

export const TERM_LOST = (reason: string) =>
  `This member does not lead any more: ${LOSSES[reason]}.`;

export const CALLERS_TERM_IS_OVER = () =>
  'What calls this belongs to a term that is over, and must not go on in the next one, in which this member leads again. Nothing was done.';

export const TERM_ENDED = (what: string, reason: string) =>
  `${what[0].toUpperCase()}${what.slice(1)} is not held any more: ${LOSSES[reason]}.`;

export const LOCK_BUSY = (name: string, holder: string) =>
  `The lock ${shown(name)} is held by member ${holder}, and this call was not to wait for it. Try again later.`;

export const LOCK_NAME_FAILED = (label: string, error: unknown) =>
  `The name function of @WithLock() on ${label}() gave no lock's name. ${typeof error === 'string' ? error : textOf(error)}`;

export const NO_INSTANCE_METHOD = (decorator: string, label: string) =>
  `${decorator} is for methods of instances, and ${label} is none: a static method has nothing that Nest could inject.`;

export const NOT_MADE_BY_NEST = (decorator: string, label: string) =>
  `${decorator} on ${label}() needs an instance that Nest has made: have the class injected, as a provider or controller of a module, rather than call \`new\`.`;

export const NO_MEMBER = (decorator: string, label: string) =>
  `${NOT_MADE_BY_NEST(decorator, label)} And its app needs HedgeModule.forRoot() among the imports of its root module.`;

export const HOLDINGS_LOST = (count: number, labels: string[], reason: string) =>
  `This member lost ${count === 1 ? labels[0] : `${count} locks and permits (${labels.join(', ')}${count > labels.length ? ', …' : ''})`}: ${LOSSES[reason]}.`;

export const LIMIT_MISMATCH = (name: string, limit: number, used: string, holders: string[]) =>
  `The semaphore ${shown(name)} is in use with the limit ${used}, by ${listed(holders)}; this call says ${limit}. Use the same limit everywhere: it can change once nobody holds a permit.`;

export const HOOK_FAILED = (className: string, method: string) =>
  `${className}.${method}() failed; the group is not affected:`;

export const LEAVING_FAILED = (error: unknown) =>
  `Something failed while this member gave back what it held; its connections are closed all the same. ${textOf(error)}`;

export const LOSING_FAILED = (error: unknown) =>
  `Something failed while this member stopped leading; the lock is given back all the same. ${textOf(error)}`;

// Health

export const MEMBER_LEAVES = () =>
  'The member shuts down: it lets what runs end, and gives back what it holds.';

export const KNOWS_NO_LEADER = () =>
  'No leader is known. Is any candidate running, and can it reach the store?';

// Members

export const NOT_LISTED = (id: string, leader: string) =>
  `Leader ${leader} cannot reach this member at ${id}, so it is not on the member list and gets no broadcasts. Set \`address\` to what the others can dial (and \`listenHost\` where that differs), and look whether a firewall or NetworkPolicy is in the way.`;

export const ADDRESS_SHARED = (id: string) =>
  `Another process leads the group from ${id}, which is this member's own address, so it cannot be asked: what needs the leader ends with NO_LEADER here. Give each member an \`address\` of its own: that of the pod or the host, not of a Service or a load balancer.`;

// Messages to the leader

export const NOT_THE_LEADER = (id: string, leader: string | undefined) =>
  `Member ${id} does not lead${leader ? `; ${leader} does` : ' and knows of no leader'}. Nothing was done.`;

export const MALFORMED_REQUEST = (route: string) =>
  `The request "${route}" is not one a member sends.`;

export const NO_LEADER_HANDLER = (pattern: string) =>
  `The leader has no @OnLeaderMessage() for ${shown(pattern)}. Is the class that has it a provider or a controller of a module there?`;

export const NO_STREAM_HANDLER = (pattern: string) =>
  `The leader's handler of ${shown(pattern)} takes no stream: use @OnLeaderStream() for it, or send plain data.`;

export const STREAM_TERM_ENDED = () =>
  'The term ended in which the leader answered the stream. What was sent before may have been carried out; begin it anew with the next leader.';

export const OBSERVABLE_CUT_SHORT = () =>
  'The Observable of the handler had not completed when its caller gave up or its term ended: it was unsubscribed.';

export const REDIRECTED = (location: string) => `This is for the leader: ask ${location}`;

// Broadcasts

export const NO_BROADCAST_HANDLER = (id: string, pattern: string) =>
  `Member ${id} has no @OnBroadcast() for ${shown(pattern)}. Is the class that has it a provider or a controller of a module there?`;

export const LEAVING = (id: string) =>
  `Member ${id} is closing and starts no more handlers. Nothing was done.`;

export const BROADCAST_CUT_SHORT = () =>
  'The Observable of the handler had not completed when its caller gave up or the app was closed: it was unsubscribed.';

// The log

export const TERM_IS_OVER = () =>
  'The term is over that the put was bound to: it was not written, and will not be by this attempt.';

export const LOCK_IS_OVER = (what: string, reason: string) =>
  `${TERM_ENDED(what, reason)} The put was not written, and will not be: acquire it anew for another.`;

export const PUT_UNKNOWN = () =>
  'The store did not say in time whether the entry was written: it may be in the log, or land later.';

export const PUT_DROPPED = () =>
  'The entry waited at the leader for longer than its timeout and was dropped. Nothing was written.';

export const PUTTING = (key: string) => `putting ${shown(key)}`;

export const SWEEP_FAILED = (error: unknown) =>
  `Rows of dead sessions could not be swept away this time. ${textOf(error)}`;

// Crons

export const NO_CRON = (label: string, error: unknown) =>
  `@LeaderCron() on ${label}() cannot be scheduled. ${typeof error === 'string' ? error : textOf(error)}`;

export const UNKNOWN_CRON_OPTION = (field: string, known: string[]) =>
  `It knows no option \`${field}\`. Its options are: ${known.join(', ')}.`;

export const NO_SCHEDULE_MODULE = (label: string) =>
  `@LeaderCron() on ${label}() needs the registry of @nestjs/schedule: add ScheduleModule.forRoot() to the imports of the root module.`;

export const CRON_NAME_TAKEN = (label: string, name: string) =>
  `@LeaderCron() on ${label}(): another cron of this app is called ${shown(name)}. All members know a cron by its name: give each a \`name\` of its own.`;

export const CRON_ERROR_UNSPEAKABLE = (name: string) =>
  `The run of cron ${shown(name)} has thrown something that the logger could not print: it throws an error itself when it is looked at.`;

export const CRON_INTERRUPTED = (name: string, slot: string, member: string) =>
  `Nobody saw the run of cron ${shown(name)} for ${slot} end: member ${member} died, or led no more, before it did. Part of it may have been done; it is not run again.`;

export const CRON_NOT_CLAIMED = (name: string, slot: string, error: unknown) =>
  `Cron ${shown(name)} does not run for ${slot}: the store did not say that nobody else has. ${textOf(error)}`;

export const CRON_END_UNKNOWN = (name: string, slot: string, error: unknown) =>
  `Cron ${shown(name)} ran for ${slot} to its end, and the store did not take that down: the next leader will take the run for interrupted. ${textOf(error)}`;

export const CRON_AHEAD = (name: string, slot: string, member: string) =>
  `Cron ${shown(name)} does not run before ${slot} has passed: member ${member} ran it for then, by a clock that was ahead of this one's. Synchronize the clocks; to run it earlier, delete its row in the lock table.`;

export const CRON_STILL_RUNNING = (name: string, slot: string) =>
  `Cron ${shown(name)} is left out for ${slot}: its run before goes on here.`;

// Telemetry

export const TELEMETRY_FAILED = (error: unknown) =>
  `Telemetry of nestjs-hedge is incomplete, for the SDK failed: ${textOf(error)}`;
