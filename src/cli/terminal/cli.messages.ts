import { textOf } from '../../hedge.messages.js';

/** Every text of the command line. */

export const PROGRAM = 'nestjs-hedge';

export const WHAT_IT_IS =
  'Creates the tables of nestjs-hedge, and shows who leads, who is there and what is held.';

export const SCHEMA =
  'Print the DDL of the tables (Spanner unless --database says otherwise), or create what is missing.';

export const APPLY = 'create what is missing in --database, and print it';

export const STATUS =
  'Show the leader, the sessions, the locks and the permits of a group. Reads only, and disturbs nobody.';

export const LIMIT = 'list at most so many of each kind';

export const STATUS_DETAILS = `
Without --group: every group of the table, one a line (in full if it is the only one).
Ages are by the clock of the database. A session is dead when its lease is over and others may end it.

--json prints { store, groups: [{ group, leader, lockRow, sessions, locks, permits, crons, deadRows, otherRows }] }:
  leader    null, or { holder, session, token, since, remaining, dead }
  lockRow   null, or { writer, token, age } as the table has it; nothing but this shows a leader written in Go
  sessions  { total, dead, rows: [{ id, address, leaseDuration, age, remaining, dead }] }
  locks     { total, dead, rows: [{ name, holder, session, token, since, remaining, dead }] }
  permits   the same; a row also has its semaphore's limit
  crons     { total, dead: 0, rows: [{ name, slot, state, member, token }] }, state running, done or interrupted
  deadRows  rows that dead sessions left behind; otherRows: rows of kinds that this version does not know
Durations are in ms, since is RFC 3339, a token is a string of ns; what is unknown is null.
Exit codes: 0 done, 1 failed, 2 wrong arguments.`;

export const NO_DATABASE_NAME =
  "Expected 'projects/{project}/instances/{instance}/databases/{database}' or 'sqlite:{file}'.";

export const NO_GROUP_NAME =
  "Expected a `lockName`: 1 to 1,000 characters of text without '#', '/' and NUL, and not 'spindle'.";

export const NOT_A_NUMBER = (least: number, most: number) =>
  `Expected a whole number from ${least} to ${most}.`;

export const DATABASE_TO_APPLY_TO = "error: option '--apply' needs '--database <name>'";

/** The first line: what follows it in some texts is DDL, which `schema` prints. */
export const FAILED = (error: unknown) => `${PROGRAM}: ${textOf(error).split('\n')[0]}\n`;

export const NOT_IN_TIME = (timeout: number) =>
  `Not done within ${timeout} ms. Give it longer (--timeout), or less to read (--group).`;

export const CREATED = (store: string, statements: readonly string[]) =>
  `Created in ${store}:\n\n${DDL(statements)}`;

export const NOTHING_TO_CREATE = (store: string) =>
  `Nothing to create: everything is there in ${store}.\n`;

export const NOT_CREATED = (store: string, statements: readonly string[]) =>
  `${store} refuses to create what only makes it faster; roles/spanner.databaseAdmin is needed for: ${statements.join('; ')}`;

export const DDL = (statements: readonly string[]) =>
  statements.map((statement) => `${statement};\n`).join('\n');

// What `status` shows

export const NO_GROUPS = (store: string) => `No group has rows in ${store}.\n`;

export const LIVING = (total: number, dead: number) =>
  dead === 0 ? `${total}` : `${total} (${dead} dead)`;

export const MORE = (count: number) => `… and ${count} more (--limit)`;

export const FOR_DETAILS = 'For what a group holds: --group <name>\n';

export const NO_LEADER = 'none';

export const EXPIRED = (holder: string) => `none, the term of ${holder} is over`;

export const RELEASED = (writer: string) => `none, given back by ${writer}`;

export const WITHOUT_FENCE = (writer: string, age: string) =>
  `${writer}, by its row alone (as Go's hedge writes it), ${age} old`;

export const LEADS = (holder: string, since: string, token: string, left: string) =>
  `${holder} since ${since}, token ${token}, ${left} left`;

export const UNKNOWN = '?';
