import { shown } from '../errors/index.js';

// The store

export const ROW_MISSING = (name: string) => `There is no row ${shown(name)} to update.`;

export const ROW_EXISTS = (name: string) => `The row ${shown(name)} already exists.`;

export const ENTRY_EXISTS = (id: string) => `An entry with the id ${shown(id)} already exists.`;

export const NOT_TEXT = (column: string) =>
  `\`${column}\` contains a lone surrogate, which databases do not store.`;

export const MEMORY_STORE_CLOSED = 'The store in memory is closed.';

export const MEMORY_STORE_GIVEN_UP =
  "The caller's signal aborted the call. Nothing was written to the store in memory.";

// The network

export const ADDRESS_TAKEN = (address: string) =>
  `Another member of this group already has the address ${address}.`;

export const NOBODY_THERE = (address: string) => `connect ECONNREFUSED ${address}`;

// The handle

export const APP_NOT_STARTED = (method: string) =>
  `${method}() needs a running app. Await app.init() or app.listen() first, and call ${method}() before app.close(). Check that the app was made with the options of this hedgeTesting().`;

export const TWO_APPS =
  'Another app already runs with these options of hedgeTesting(). Close that app first (`await app.close()` in afterEach), or make the second one with `another()`: it is a second member of the same group.';

export const NEVER_LEADS = (id: string) =>
  `Member ${id} has the option \`candidate: false\`, so it never leads.`;

/** @param what an event: 'The election of …' */
export const NOT_COMING = (what: string, ms: number) =>
  `${what} did not happen within ${ms} ms of the group's time. Check that no hook, such as @OnLeadershipLost(), hangs or throws, and that the app is not closed.`;

export const MEMBER_GONE = (id: string) =>
  `Member ${id} has left the group or crashed. Use \`join()\` to make another member.`;

export const BAD_DURATION = (got: unknown) =>
  `Expected a number of ms from 0 up, got ${shown(got)}.`;

export const BAD_MOMENT = (got: unknown) =>
  `Expected \`now\` to be a Date, or a value that \`new Date()\` takes, in the years 1970 to 9998, got ${shown(got)}.`;

export const NO_ANSWER = (pattern: string) =>
  `This scripted member has no answer for ${shown(pattern)}. Give it an answer first: onLeaderMessage(pattern, answer) or onBroadcast(pattern, answer).`;

export const NO_SUCH_CRON = (name: string, names: string[]) =>
  `This app has no @LeaderCron() named ${shown(name)}${names.length > 0 ? `. It has ${names.map((known) => shown(known)).join(', ')}` : ''}. Without \`{ name }\`, the name of a cron is 'Class.method'.`;
