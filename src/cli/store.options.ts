import { InvalidArgumentError, Option, type Command } from 'commander';
import { HedgeError } from '../errors/index.js';
import { isGroupName } from '../table/index.js';
import { parseDatabase, type DatabaseName, type StoreTables } from '../database/index.js';
import { LONGEST_TIMER } from '../time/index.js';
import {
  DATABASE,
  GROUP,
  JSON_OUTPUT,
  MISUSED,
  NO_DATABASE_NAME,
  NO_GROUP_NAME,
  NOT_A_NUMBER,
  TABLE,
  STOP_AFTER,
} from './cli.messages.js';

/** The options of every command. */
export interface StoreOptions extends StoreTables {
  readonly database?: DatabaseName;
  /** ms */
  readonly timeout: number;
  readonly json?: boolean;
}

export function databaseOption(): Option {
  return new Option('--database <name>', DATABASE).env('HEDGE_DATABASE').argParser(databaseOf);
}

/** @param timeout ms */
export function withStoreOptions(command: Command, timeout: number): Command {
  return command
    .addOption(tableOption('lock'))
    .addOption(tableOption('log'))
    .addOption(
      new Option('--timeout <ms>', STOP_AFTER)
        .argParser(numberBetween(1, LONGEST_TIMER))
        .default(timeout),
    )
    .option('--json', JSON_OUTPUT);
}

export function groupOption(): Option {
  return new Option('--group <name>', GROUP).argParser((text) => {
    if (isGroupName(text)) return text;
    throw new InvalidArgumentError(NO_GROUP_NAME);
  });
}

export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(NOT_A_NUMBER(least, most));
  };
}

/**
 * Makes the store that the options describe, and opens nothing.
 * @throws CommanderError when the library refuses the options
 */
export async function fromOptions<T>(command: Command, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof HedgeError) command.error(MISUSED(error.message));
    throw error;
  }
}

function tableOption(name: 'lock' | 'log'): Option {
  return new Option(`--${name}-table <name>`, TABLE(`${name}Table`))
    .env(`HEDGE_${name.toUpperCase()}_TABLE`)
    .default(`${name}table`);
}

function databaseOf(text: string): DatabaseName {
  const name = parseDatabase(text);
  // A database in memory has no rows of other processes.
  if (name && !(name.kind === 'sqlite' && name.file === ':memory:')) return name;
  throw new InvalidArgumentError(NO_DATABASE_NAME);
}
