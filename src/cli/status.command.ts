import { Command, Option } from 'commander';
import { makeReadingStore, type DatabaseName } from '../database/index.js';
import { LIMIT, STATUS, STATUS_DETAILS } from './cli.messages.js';
import { written, writtenAsJson } from './terminal/output.js';
import { groupNames } from './status/group.names.js';
import type { GroupStatus } from './status/group.status.js';
import { surveyedGroup } from './status/group.survey.js';
import { statusText } from './status/status.text.js';
import { StoreReader } from './status/store.reader.js';
import {
  databaseOption,
  fromOptions,
  groupOption,
  numberBetween,
  withStoreOptions,
  type StoreOptions,
} from './store.options.js';
import { screenOf } from './terminal/screen.js';

interface StatusOptions extends StoreOptions {
  readonly database: DatabaseName;
  readonly group?: string;
  readonly limit: number;
}

/** ms */
const TIMEOUT = 30_000;
/** Rows of each kind. It is more than people read, and little for a terminal. */
const LISTED = 100;

export function statusCommand(): Command {
  const command = new Command('status')
    .description(STATUS)
    .addOption(databaseOption().makeOptionMandatory())
    .addOption(groupOption())
    .addOption(
      new Option('--limit <count>', LIMIT).argParser(numberBetween(1, 100_000)).default(LISTED),
    )
    .addHelpText('after', STATUS_DETAILS);
  return withStoreOptions(command, TIMEOUT).action(status);
}

async function status(options: StatusOptions, command: Command): Promise<void> {
  const { database, lockTable, logTable, timeout, json, group } = options;
  const tables = { lockTable, logTable };
  const store = await fromOptions(command, () => makeReadingStore(database, tables));
  const groups = await groupsIn(new StoreReader(store, timeout), options);
  const { description } = store;
  if (json) await writtenAsJson({ store: description, groups });
  else {
    const isDetailed = group !== undefined || groups.length === 1;
    const text = statusText(screenOf(process.stdout), description, groups, isDetailed);
    await written(process.stdout, text);
  }
}

async function groupsIn(reader: StoreReader, options: StatusOptions): Promise<GroupStatus[]> {
  const { group, limit } = options;
  try {
    await reader.open();
    const names = group === undefined ? await groupNames(reader) : [group];
    const groups: GroupStatus[] = [];
    // One after the other, so that the members do not notice it.
    for (const name of names) groups.push(await surveyedGroup(reader, name, limit));
    return groups;
  } finally {
    await reader.close();
  }
}
