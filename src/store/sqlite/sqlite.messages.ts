import { shown } from '../../errors/index.js';

export const INVALID_FILE = (file: unknown) =>
  `Expected the SQLite \`file\` to be a path or ':memory:', got ${shown(file)}.`;

export const INVALID_TABLE_NAME = (option: string, name: unknown) =>
  `Expected \`${option}\` to have letters, digits and '_' only, to begin with no digit, and not to be a name that SQLite ` +
  `or this library reserves, got ${shown(name)}.`;

export const SAME_TABLE_TWICE = (name: string) =>
  `Expected \`lockTable\` and \`logTable\` to differ, got '${name}' for both.`;

export const DRIVER_MISSING =
  'The embedded store needs the package `libsql`, which is not installed. Run `npm install libsql` ' +
  '(without `--omit=optional`: its binary for this platform is an optional dependency of it).';

export const CLOSED = (file: string) =>
  `The store '${file}' is closed. Make a new one with sqliteStore().`;

export const NOT_OPEN = (file: string) => `The store '${file}' is not open. Await open() first.`;

export const GIVEN_UP = "The caller's signal aborted the call. Nothing was written.";

export const BUSY_TOO_LONG = (ms: number) =>
  `The store was busy with earlier calls for ${Math.round(ms)} ms, so this call was dropped. This call wrote nothing.`;

export const CANNOT_OPEN = (file: string) =>
  `Cannot open the database '${file}'. Check that its directory exists, and that this user may write ` +
  'to the directory and to the file.';

export const NO_FILE = (file: string) =>
  `There is no database file '${file}'. The app creates its file when it starts. Check the path, and the directory that it starts from.`;

export const CANNOT_READ = (file: string) =>
  `Cannot read the database '${file}'. Check that this user may read the file, and the files that SQLite keeps beside it.`;

export const TABLES_MISSING = (
  file: string,
  missing: readonly string[],
  schema: readonly string[],
) =>
  `The database '${file}' has no table ${missing.join(' and no table ')}. The app creates missing tables when it starts. ` +
  `To create them earlier, run \`npx nestjs-hedge schema --apply\`.\n${schema.join(';\n')};`;

export const OPEN_TIMED_OUT = (file: string, ms: number) =>
  `Another process kept the database '${file}' locked for ${ms} ms. Find that process with \`fuser '${file}'\`.`;

export const NOT_A_DATABASE = (file: string) =>
  `'${file}' is not an SQLite database, or it is damaged. Choose another file, or move this one away: ` +
  'the app then creates a new one.';

export const READ_ONLY = (file: string) =>
  `The database '${file}' cannot be written, and while no member runs it cannot be read without that. Check that this user may ` +
  'write to the file and its directory, and that the file system is not read-only.';

export const NOT_UTF8 = (file: string, encoding: string) =>
  `The database '${file}' stores text as ${encoding}, which sorts differently from UTF-8. Use a file of its own: new files are UTF-8.`;

export const WRONG_TABLES = (file: string, schema: readonly string[]) =>
  `The tables in '${file}' are not the tables of this library. Choose other names with \`lockTable\` and \`logTable\`, ` +
  `or use a file of its own.\nExpected:\n${schema.join(';\n')};`;

export const FILE_REPLACED = (file: string) =>
  `The database '${file}' was deleted or replaced while this process used it. Nothing was written. Restart this process to use the new file.`;

export const DISK_FULL = (file: string) =>
  `The disk of the database '${file}' is full. Free some space.`;

export const COMMIT_FAILED = (file: string, why: string) =>
  `The commit to '${file}' failed (${why}). The data may or may not have been written.`;

export const LOCKED = (file: string) =>
  `Another process is writing to '${file}'. Nothing was written. Try again.`;

export const ROW_EXISTS = (what: string) =>
  `Nothing was written: the row already exists (${what}).`;

export const ROW_MISSING = (name: string) =>
  `Nothing was written: the row '${name}' to update does not exist.`;

export const NOT_TEXT = (column: string) =>
  `Nothing was written: \`${column}\` contains a lone surrogate, which SQLite cannot store.`;

export const NOT_AN_INTEGER = (content: string) =>
  `Expected a token or timestamp to be an integer, got '${content}'. Another program wrote to the tables.`;

export const TOO_LARGE = 'Nothing was written: a value is larger than SQLite can store.';

export const REFUSED = (what: string) =>
  `Nothing was written: the database refuses the data (${what}).`;

export const SQL_FAILED = (file: string, what: string) =>
  `The database '${file}' cannot run a statement of this library (${what}). If a table was changed or dropped, ` +
  'restart this process: it creates missing tables.';

export const STORE_FAILED = (file: string, what: string) =>
  `The database '${file}' failed (${what}). Check its disk.`;
