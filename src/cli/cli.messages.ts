import { textOf } from '../errors/index.js';

// Help

export const PROGRAM = 'nestjs-hedge';

export const WHAT_IT_IS =
  'Shows the leader, sessions, locks and permits of a group, and creates the tables of nestjs-hedge.';

export const SCHEMA =
  'Print the DDL of the tables, for Spanner unless --database names an SQLite file. With --apply: create missing tables.';

export const APPLY = 'create what is missing in --database, and print it';

export const STATUS =
  'Show the leader, sessions, locks, permits and crons of a group. Only reads the tables.';

export const DATABASE =
  "'projects/{project}/instances/{instance}/databases/{database}' or 'sqlite:{file}'";

export const TABLE = (option: string) => `the app's \`${option}\``;

export const GROUP = 'only this group (its `lockName`)';

export const LIMIT = 'list at most this number of rows of each kind';

export const STOP_AFTER = 'stop after this time';

export const JSON_OUTPUT = 'print JSON';

export const STATUS_DETAILS = `
Without --group: every group of the table, one per line. A single group is shown in full.
Ages are measured by the clock of the database. A session is dead when its lease is over and other members may end it.

--json prints { store, groups: [{ group, leader, lockRow, sessions, locks, permits, crons, deadRows, otherRows }] }:
  leader    null, or { holder, session, token, since, remaining, dead }
  lockRow   null, or { writer, token, age } as in the table. A leader written in Go appears only here
  sessions  { total, dead, rows: [{ id, address, leaseDuration, age, remaining, dead }] }
  locks     { total, dead, rows: [{ name, holder, session, token, since, remaining, dead }] }
  permits   as locks. Each row also has its semaphore's limit
  crons     { total, dead: 0, rows: [{ name, slot, state, member, token }] }. state: running, done or interrupted
  deadRows  how many rows dead sessions left behind (stale rows)
  otherRows how many rows have a kind that this version does not know
leader, lockRow and each row also have newerFormat: null, or the format of a row that a later version wrote.
Durations are in ms. since is RFC 3339. A token is a string of nanoseconds. Unknown values are null.
Exit codes: 0 done, 1 failed, 2 wrong arguments.`;

// Wrong arguments

export const NO_DATABASE_NAME = `Expected ${DATABASE}.`;

export const NO_GROUP_NAME =
  "Expected a `lockName`: 1 to 1,000 characters of text without '#', '/' and NUL, and not 'spindle'.";

export const NOT_A_NUMBER = (least: number, most: number) =>
  `Expected a whole number from ${least} to ${most}.`;

export const DATABASE_TO_APPLY_TO = "error: option '--apply' needs '--database <name>'";

/** A wrong argument that the library found. */
export const MISUSED = (text: string) => `error: ${text}`;

// Results

/** The first line: some texts have DDL below it, which `schema` prints. */
export const FAILED = (error: unknown) => `${PROGRAM}: ${textOf(error).split('\n')[0]}\n`;

export const CREATED = (store: string, statements: readonly string[]) =>
  `Created in ${store}:\n\n${DDL(statements)}`;

export const NOTHING_TO_CREATE = (store: string) => `Nothing to create: ${store} has everything.\n`;

export const NOT_CREATED = (store: string, statements: readonly string[]) =>
  `${store} refuses to create an index, which only makes reads faster. The index needs roles/spanner.databaseAdmin: ${statements.join('; ')}`;

export const DDL = (statements: readonly string[]) =>
  statements.map((statement) => `${statement};\n`).join('\n');
