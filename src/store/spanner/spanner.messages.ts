import { shown } from '../../errors/index.js';
import type { SpannerDatabaseName } from './spanner.database-name.js';

const DATABASE_SHAPE = '`projects/{project}/instances/{instance}/databases/{database}`';

// Options

export const INVALID_DATABASE_NAME = (value: unknown) =>
  `Expected the name of the Spanner database to be ${DATABASE_SHAPE}, got ${shown(value)}.`;

export const INVALID_TABLE_NAME = (option: string, value: unknown) =>
  `Expected \`${option}\` to be a table name (letters, digits and '_', with no digit at the beginning), got ${shown(value)}.`;

export const SAME_TABLE_TWICE = (name: string) =>
  `Expected \`lockTable\` and \`logTable\` to differ, got '${name}' for both.`;

export const INVALID_CREATE_TABLES = (value: unknown) =>
  `Expected \`createTables\` to be a boolean, got ${shown(value)}.`;

export const INVALID_EMULATOR_HOST = (value: unknown) =>
  `Expected SPANNER_EMULATOR_HOST to be \`host:port\`, got ${shown(value)}.`;

export const PACKAGE_MISSING =
  'The Spanner store needs the package @google-cloud/spanner, which is not installed. Run: npm install @google-cloud/spanner';

export const PACKAGE_UNUSABLE = (reason: string) =>
  `The package @google-cloud/spanner cannot be loaded: ${reason}`;

// Calls

export const NOT_OPEN = 'The Spanner store is not open. Await open() first.';

export const CLOSED = 'The Spanner store is closed.';

export const GIVEN_UP = "The caller's signal aborted the call. Nothing was written.";

export const ABORTED_IN_FLIGHT =
  "The caller's signal aborted the call after its commit was sent. The data may or may not have been written.";

export const NO_ANSWER = (database: string, timeout: number) =>
  `Spanner (${database}) did not answer within ${Math.round(timeout)} ms.`;

export const NO_SESSION_FREE = (database: string, timeout: number) =>
  `All Spanner sessions of this process were in use for ${Math.round(timeout)} ms (${database}).`;

// Spanner's answers. The reason in parentheses is Spanner's own.

export const ABORTED = (reason: string) =>
  `Spanner aborted this transaction because of another one. Nothing was written. Try again. (${reason})`;

export const ROW_MISSING = (reason: string) =>
  `A row to update does not exist. Nothing was written. (${reason})`;

export const ROW_EXISTS = (reason: string) =>
  `A row to insert already exists. Nothing was written. (${reason})`;

export const REFUSED = (reason: string) =>
  `Spanner refuses this data. Nothing was written. (${reason})`;

export const NOT_TEXT = (what: string) =>
  `Expected \`${what}\` to be well-formed text, got a string with a lone surrogate, which Spanner cannot store. Nothing was sent.`;

export const UNAVAILABLE = (database: string, reason: string) =>
  `Spanner (${database}) cannot be reached, or has a temporary error. (${reason})`;

export const SESSION_LOST = (reason: string) =>
  `Spanner dropped the client session twice in a row. Nothing was written. (${reason})`;

export const NO_CREDENTIALS = (reason: string) =>
  `This process has no usable Google Cloud credentials. Set GOOGLE_APPLICATION_CREDENTIALS, run \`gcloud auth application-default login\`, ` +
  `or run under a service account. For the emulator, set SPANNER_EMULATOR_HOST. (${reason})`;

export const NO_PERMISSION = (database: string, reason: string) =>
  `Spanner denies this process access to ${database}. Grant its service account roles/spanner.databaseUser on the database ` +
  `(and roles/spanner.databaseAdmin for \`createTables\`). (${reason})`;

export const NO_DATABASE = ({ project, instance, database }: SpannerDatabaseName, reason: string) =>
  `There is no Spanner database '${database}' in instance '${instance}' of project '${project}'. Create it: ` +
  `gcloud spanner databases create ${database} --instance=${instance} --project=${project} (${reason})`;

export const NO_INSTANCE = ({ project, instance }: SpannerDatabaseName, reason: string) =>
  `There is no Spanner instance '${instance}' in project '${project}'. Create it: gcloud spanner instances create ` +
  `${instance} --project=${project} --config=CONFIG --description=${instance} --processing-units=100 (${reason})`;

export const NOT_SPANNER = (database: string, reason: string) =>
  `The server of ${database} does not support this call. Check that it is Spanner, and that the database has the GoogleSQL dialect. (${reason})`;

// Tables

export const SCHEMA_UNFIT = (
  { project, instance, database }: SpannerDatabaseName,
  faults: string,
  ddl: readonly string[],
) =>
  `The tables in the Spanner database ${database} do not fit: ${faults}. To create missing tables, set ` +
  `\`createTables: true\`, or run \`npx nestjs-hedge schema --apply\` for these tables.\n` +
  `Or run gcloud spanner databases ddl update ${database} --instance=${instance} --project=${project} ` +
  `--ddl='…' with:\n${ddl.join(';\n')}`;

export const DDL_REFUSED = (reason: string) => `Spanner refuses to create the tables. (${reason})`;

export const DDL_UNFINISHED = (timeout: number) =>
  `Spanner had not finished creating the tables after ${timeout} ms. Open the store again.`;
