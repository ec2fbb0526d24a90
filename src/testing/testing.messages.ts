import { shown } from '../errors/index.js';

export const ROW_MISSING = (name: string) => `There is no row ${shown(name)} to update.`;

export const ROW_EXISTS = (name: string) => `There is a row ${shown(name)} already.`;

export const ENTRY_EXISTS = (id: string) => `There is an entry with the id ${shown(id)} already.`;

export const NOT_TEXT = (column: string) =>
  `\`${column}\` holds half of a surrogate pair, which databases do not store.`;

export const MEMORY_STORE_CLOSED = 'The store in memory is closed.';

export const MEMORY_STORE_GIVEN_UP =
  'The call was given up before anything was written to the store in memory.';

export const ADDRESS_TAKEN = (address: string) =>
  `Another member of this group has the address ${address} already.`;

export const NOBODY_THERE = (address: string) => `connect ECONNREFUSED ${address}`;

export const APP_NOT_STARTED = (method: string) =>
  `${method}() is for an app that runs: await app.init() (or app.listen()) first, and call it before app.close(). Was the app made with this very hedgeTesting()?`;

export const TWO_APPS =
  'These options of hedgeTesting() have an app that runs already. Close that one first (`await app.close()` in afterEach), or make the second one with `another()`: a second member of the same group.';

export const NEVER_LEADS = (id: string) =>
  `Member ${id} has the option \`candidate: false\`, so it never leads.`;

export const NOT_COMING = (what: string, ms: number) =>
  `${what} has not come about within ${ms} ms of the group's time. Does a hook, such as @OnLeadershipLost(), hang or throw? Has the app been closed meanwhile?`;

export const MEMBER_GONE = (id: string) =>
  `The member ${id} has left the group, or has crashed: \`join()\` makes another one.`;

export const BAD_DURATION = (got: unknown) =>
  `Expected a number of ms from 0 up, got ${shown(got)}.`;

export const BAD_MOMENT = (got: unknown) =>
  `Expected \`now\` to be a Date, or what \`new Date()\` takes, of the years 1970 to 9998, got ${shown(got)}.`;

export const NO_ANSWER = (pattern: string) =>
  `This member of the spec has no answer for ${shown(pattern)}. Give it one before it is asked: onLeaderMessage(pattern, answer) or onBroadcast(pattern, answer).`;

export const NO_SUCH_CRON = (name: string, names: string[]) =>
  `There is no @LeaderCron() named ${shown(name)} in this app${names.length > 0 ? `: it has ${names.map((one) => shown(one)).join(', ')}` : ''}. Without \`{ name }\` its name is 'Class.method'.`;
