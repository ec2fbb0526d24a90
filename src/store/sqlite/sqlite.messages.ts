import { shown } from '../../errors/index.js';

export const INVALID_FILE = (file: unknown) =>
  `Expected the SQLite \`file\` to be a path or ':memory:', got ${shown(file)}.`;

export const INVALID_TABLE_NAME = (option: string, name: unknown) =>
  `Expected \`${option}\` to be letters, digits and '_', not beginning with a digit and not a name that SQLite ` +
  `or this library keeps for itself, got ${shown(name)}.`;

export const SAME_TABLE_TWICE = (name: string) =>
  `Expected \`lockTable\` and \`logTable\` to differ, got '${name}' for both.`;

export const DRIVER_MISSING =
  'The embedded store needs the package `libsql`, which is not installed. Run `npm install libsql` ' +
  '(without `--omit=optional`: its binary for this platform is an optional dependency of it).';

export const CLOSED = (file: string) =>
  `The store '${file}' is closed. Make a new one with sqliteStore().`;

export const NOT_OPEN = (file: string) =>
  `The store '${file}' is not open yet. Await open() first.`;

export const GIVEN_UP = 'Given up by the caller before anything was written.';

export const BUSY_TOO_LONG = (ms: number) =>
  `The store was busy for ${Math.round(ms)} ms with calls that came before, so this one was dropped. Nothing was written by it.`;

export const CANNOT_OPEN = (file: string) =>
  `Cannot open the database '${file}'. Its directory has to exist, and this user has to be allowed to write ` +
  'to the directory as well as to the file.';

export const NO_FILE = (file: string) =>
  `There is no database file '${file}'. The app creates it at its start: is it this one, seen from this directory?`;

export const CANNOT_READ = (file: string) =>
  `Cannot read the database '${file}'. This user has to be allowed to read it, and what SQLite keeps beside it.`;

export const TABLES_MISSING = (
  file: string,
  missing: readonly string[],
  schema: readonly string[],
) =>
  `The database '${file}' has no table ${missing.join(' and no table ')}. The app creates what is missing at its start, ` +
  `\`npx nestjs-hedge schema --apply\` does so before.\n${schema.join(';\n')};`;

export const OPEN_TIMED_OUT = (file: string, ms: number) =>
  `Another process kept the database '${file}' locked for ${ms} ms. Find out who holds it (\`fuser '${file}'\`).`;

export const NOT_A_DATABASE = (file: string) =>
  `'${file}' is not an SQLite database, or it is damaged. Point the option elsewhere, or move the file away: ` +
  'a new one is made.';

export const READ_ONLY = (file: string) =>
  `The database '${file}' cannot be written (nor be read without that, while no member runs). This user has to be ` +
  'allowed to write to the file and to its directory, on a file system that is not read-only.';

export const NOT_UTF8 = (file: string, encoding: string) =>
  `The database '${file}' keeps text as ${encoding}, which sorts differently. Use a file of its own: new ones are UTF-8.`;

export const WRONG_TABLES = (file: string, schema: readonly string[]) =>
  `The tables in '${file}' are not those of this library. Choose other names with \`lockTable\` and \`logTable\`, ` +
  `or a file of its own.\nExpected:\n${schema.join(';\n')};`;

export const FILE_REPLACED = (file: string) =>
  `The database '${file}' was deleted or replaced while it was in use. Restart this process to use the new file.`;

export const DISK_FULL = (file: string) =>
  `No room left for the database '${file}'. Free some space on its disk.`;

export const COMMIT_FAILED = (file: string, why: string) =>
  `The commit to '${file}' failed (${why}); whether it was written is unknown.`;

export const LOCKED = (file: string) =>
  `Another process is writing to '${file}'. Nothing was written; try again.`;

export const ROW_EXISTS = (what: string) =>
  `Nothing was written: a row is already there (${what}).`;

export const ROW_MISSING = (name: string) =>
  `Nothing was written: the row '${name}' to update is not there.`;

export const NOT_TEXT = (column: string) =>
  `Nothing was written: \`${column}\` holds half of a surrogate pair, which is not text and cannot be stored as given.`;

export const NOT_AN_INTEGER = (content: string) =>
  `Expected a token or timestamp to be an integer, found '${content}'. Something else wrote to the tables.`;

export const TOO_LARGE = 'Nothing was written: a value is larger than SQLite can store.';

export const REFUSED = (what: string) =>
  `Nothing was written: the database refuses the data (${what}).`;

export const SQL_FAILED = (file: string, what: string) =>
  `The database '${file}' does not understand what it is asked (${what}). If a table was changed or dropped, ` +
  'restart this process: missing ones are created.';

export const STORE_FAILED = (file: string, what: string) =>
  `The database '${file}' failed (${what}). Look at the disk it is on.`;
