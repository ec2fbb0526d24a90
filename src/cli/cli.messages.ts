import { textOf } from '../errors/index.js';

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

export const CREATED = (store: string, statements: readonly string[]) =>
  `Created in ${store}:\n\n${DDL(statements)}`;

export const NOTHING_TO_CREATE = (store: string) =>
  `Nothing to create: everything is there in ${store}.\n`;

export const NOT_CREATED = (store: string, statements: readonly string[]) =>
  `${store} refuses to create what only makes it faster; roles/spanner.databaseAdmin is needed for: ${statements.join('; ')}`;

export const DDL = (statements: readonly string[]) =>
  statements.map((statement) => `${statement};\n`).join('\n');
