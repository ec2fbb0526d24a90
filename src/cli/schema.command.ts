import { Command } from 'commander';
import { HedgeError } from '../errors/index.js';
import type { SchemaStore } from '../store/index.js';
import { makeSchemaStore, schemaOf } from '../database/index.js';
import {
  APPLY,
  CREATED,
  DATABASE_TO_APPLY_TO,
  DDL,
  NOT_CREATED,
  NOTHING_TO_CREATE,
  SCHEMA,
} from './cli.messages.js';
import { written, writtenAsJson } from './terminal/output.js';
import {
  databaseOption,
  fromOptions,
  withStoreOptions,
  type StoreOptions,
} from './store.options.js';

interface SchemaOptions extends StoreOptions {
  readonly apply?: boolean;
}

/** ms. Spanner needs a minute or two to change a schema. */
const TIMEOUT = 300_000;

export function schemaCommand(): Command {
  const command = new Command('schema')
    .description(SCHEMA)
    .addOption(databaseOption())
    .option('--apply', APPLY);
  return withStoreOptions(command, TIMEOUT).action(schema);
}

async function schema(options: SchemaOptions, command: Command): Promise<void> {
  const { database, apply, json } = options;
  const tables = { lockTable: options.lockTable, logTable: options.logTable };
  if (apply) {
    if (!database) return command.error(DATABASE_TO_APPLY_TO);
    return applied(await fromOptions(command, () => makeSchemaStore(database, tables)), options);
  }
  const dialect = database?.kind ?? 'spanner';
  const statements = await fromOptions(command, () => schemaOf(dialect, tables));
  await (json ? writtenAsJson({ dialect, statements }) : written(process.stdout, DDL(statements)));
}

async function applied(store: SchemaStore, { timeout, json }: SchemaOptions): Promise<void> {
  try {
    await store.open({ timeout });
  } finally {
    await store.close();
  }
  const { description, created, missing } = store;
  if (json) await writtenAsJson({ store: description, created, missing });
  else if (created.length > 0) await written(process.stdout, CREATED(description, created));
  else if (missing.length === 0) await written(process.stdout, NOTHING_TO_CREATE(description));
  if (missing.length > 0) {
    throw new HedgeError('STORE_INVALID', NOT_CREATED(description, missing));
  }
}
