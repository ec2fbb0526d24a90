import { shown } from '../../errors/index.js';
import type { SpannerDatabaseName } from './spanner.database-name.js';

const DATABASE_SHAPE = '`projects/{project}/instances/{instance}/databases/{database}`';

export const INVALID_DATABASE_NAME = (value: unknown) =>
  `Expected the Spanner database to be named ${DATABASE_SHAPE}, got ${shown(value)}.`;

export const INVALID_TABLE_NAME = (option: string, value: unknown) =>
  `Expected \`${option}\` to be a table name (letters, digits and _, not beginning with a digit), got ${shown(value)}.`;

export const SAME_TABLE_TWICE = (name: string) =>
  `Expected \`lockTable\` and \`logTable\` to be two tables, got '${name}' for both.`;

export const INVALID_CREATE_TABLES = (value: unknown) =>
  `Expected \`createTables\` to be a boolean, got ${shown(value)}.`;

export const INVALID_EMULATOR_HOST = (value: unknown) =>
  `Expected SPANNER_EMULATOR_HOST to be \`host:port\`, got ${shown(value)}.`;

export const PACKAGE_MISSING =
  'The Spanner store needs the package @google-cloud/spanner, which is not installed. Run: npm install @google-cloud/spanner';

export const PACKAGE_UNUSABLE = (reason: string) =>
  `The package @google-cloud/spanner could not be loaded: ${reason}`;

export const NO_ANSWER = (database: string, timeout: number) =>
  `Spanner (${database}) did not answer within ${Math.round(timeout)} ms.`;

export const NO_SESSION_FREE = (database: string, timeout: number) =>
  `Every Spanner session of this process was in use for ${Math.round(timeout)} ms (${database}).`;

export const GIVEN_UP = 'The call was aborted before anything was written.';

export const ABORTED_IN_FLIGHT =
  'The call was aborted while its commit was under way: whether it was written is unknown.';

export const NOT_OPEN = 'The Spanner store is not open: call `open()` first.';

export const CLOSED = 'The Spanner store is closed.';

export const ABORTED = (reason: string) =>
  `Spanner aborted the transaction because of another one: it may be tried again. (${reason})`;

export const ROW_MISSING = (reason: string) =>
  `A row to be updated is not there; nothing was written. (${reason})`;

export const ROW_EXISTS = (reason: string) =>
  `A row to be inserted is there already; nothing was written. (${reason})`;

export const REFUSED = (reason: string) =>
  `Spanner refuses this data; nothing was written. (${reason})`;

export const NOT_TEXT = (what: string) =>
  `Expected \`${what}\` to be well-formed text, got a string with a lone surrogate, which Spanner cannot store. Nothing was sent.`;

export const UNAVAILABLE = (database: string, reason: string) =>
  `Spanner (${database}) cannot be reached, or answered with a passing error. (${reason})`;

export const SESSION_LOST = (reason: string) =>
  `Spanner dropped the client session twice in a row; nothing was written. (${reason})`;

export const NO_CREDENTIALS = (reason: string) =>
  `No usable Google Cloud credentials: set GOOGLE_APPLICATION_CREDENTIALS, run \`gcloud auth application-default login\`, ` +
  `or run under a service account; for the emulator set SPANNER_EMULATOR_HOST. (${reason})`;

export const NO_PERMISSION = (database: string, reason: string) =>
  `Spanner denies access to ${database}: grant this member's service account roles/spanner.databaseUser on it ` +
  `(and roles/spanner.databaseAdmin for \`createTables\`). (${reason})`;

export const NO_DATABASE = ({ project, instance, database }: SpannerDatabaseName, reason: string) =>
  `There is no Spanner database '${database}' in instance '${instance}' of project '${project}'. Create it: ` +
  `gcloud spanner databases create ${database} --instance=${instance} --project=${project} (${reason})`;

export const NO_INSTANCE = ({ project, instance }: SpannerDatabaseName, reason: string) =>
  `There is no Spanner instance '${instance}' in project '${project}'. Create it: gcloud spanner instances create ` +
  `${instance} --project=${project} --config=CONFIG --description=${instance} --processing-units=100 (${reason})`;

export const SCHEMA_UNFIT = (
  { project, instance, database }: SpannerDatabaseName,
  faults: string,
  ddl: readonly string[],
) =>
  `The tables in Spanner database ${database} do not fit: ${faults}. To have missing ones created, set ` +
  `\`createTables: true\` or run \`npx nestjs-hedge schema --apply\` for these tables.\n` +
  `Or run, with gcloud spanner databases ddl update ${database} --instance=${instance} --project=${project} ` +
  `--ddl='…':\n${ddl.join(';\n')}`;

export const DDL_REFUSED = (reason: string) => `Spanner refuses to create the tables. (${reason})`;

export const DDL_UNFINISHED = (timeout: number) =>
  `The tables were still being created after ${timeout} ms: open the store again.`;

export const NOT_SPANNER = (database: string, reason: string) =>
  `What answers for ${database} does not support this call: is it Spanner, with GoogleSQL as its dialect? (${reason})`;
