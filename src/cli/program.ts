import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { FAILED, PROGRAM, WHAT_IT_IS } from './cli.messages.js';
import { written } from './terminal/output.js';
import { schemaCommand } from './schema.command.js';
import { statusCommand } from './status.command.js';

/** Exit codes: done, failed (the database, the network), wrong arguments. */
const [DONE, FAILURE, MISUSE] = [0, 1, 2];

/**
 * Runs the command line.
 * @returns the exit code
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(args, { from: 'user' });
    return DONE;
  } catch (error) {
    // Commander has printed the reason and the usage, or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : MISUSE;
    await written(process.stderr, FAILED(error));
    return FAILURE;
  }
}

function program(): Command {
  const command = new Command(PROGRAM)
    .description(WHAT_IT_IS)
    .version(version())
    .exitOverride()
    .addCommand(schemaCommand())
    .addCommand(statusCommand());
  for (const each of [command, ...command.commands]) {
    each.exitOverride();
    each.showHelpAfterError(`Usage: ${each.createHelp().commandUsage(each)}`);
  }
  return command;
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
