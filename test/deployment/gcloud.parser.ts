import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What gcloud's own parser says of commands: unknown ones, unknown flags, what is required and missing. Nothing is run.
 * @returns a text for each, empty where all is well
 */
export function gcloudFaults(commands: readonly (readonly string[])[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'hedge-gcloud-'));
  const file = join(folder, 'commands.json');
  const lines = commands.map((command) => command.map(quoted).join(' '));
  try {
    writeFileSync(file, JSON.stringify(lines.map((line) => ({ command_string: line }))));
    const args = ['meta', 'lint-gcloud-commands', `--commands-file=${file}`];
    const verdicts = JSON.parse(execFileSync('gcloud', args, { encoding: 'utf8' })) as Verdict[];
    return lines.map((line) => {
      const verdict = verdicts.find((each) => each.command_string === line);
      if (verdict?.success) return '';
      return verdict?.error_message ?? 'gcloud says nothing of it';
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Verdict {
  readonly command_string: string;
  readonly success: boolean;
  readonly error_message: string | null;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
