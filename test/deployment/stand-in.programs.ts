import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { programs } from '../support/processes/installed.programs.js';

/** What came of a script of the docs, with programs in the place of those that would reach out. */
export interface StandInRun {
  /** Each program that was started, with its arguments as the shell made them. */
  readonly calls: readonly (readonly string[])[];
  /** The secrets that the cluster had, one after the other. */
  readonly secrets: readonly string[];
  /** What the script wrote into files, by their names. */
  readonly files: Readonly<Record<string, string>>;
}

const STOOD_IN_FOR = ['docker', 'gcloud', 'git', 'kubectl', 'npm', 'npx'];

/** Keeps what it is called with, and answers where somebody waits for an answer. */
const STAND_IN = `#!/usr/bin/env bash
set -euo pipefail
program="\${0##*/}"
call="$(printf '%s\\037' "$program" "$@")"
# In one piece: the two ends of a pipe are called at the same time.
printf '%s\\036' "$call" >> "$HEDGE_STAND_INS/calls"
keep() { grep -o 'HEDGE_SECRET: .*' >> "$HEDGE_STAND_INS/secrets"; }
case "$program $*" in
  'git rev-parse '*) echo "$HEDGE_TAG" ;;
  'gcloud projects describe '*) echo 1234567890 ;;
  'npx nestjs-hedge schema') "$HEDGE_NODE" "$HEDGE_CLI" schema ;;
  'kubectl get secret '*) tail -n 1 "$HEDGE_STAND_INS/secrets" | cut -d ' ' -f 2 ;;
  'kubectl create secret '*--dry-run=client*) "$HEDGE_KUBECTL" "$@" ;;
  'kubectl create secret '*) "$HEDGE_KUBECTL" "$@" --dry-run=client --output=yaml | keep ;;
  'kubectl replace '*) keep ;;
esac
`;

/** Runs it in a folder of its own, with what is in these files. Makes secrets by the real `kubectl`, which needs no cluster. */
export function runWithStandIns(
  script: string,
  given: Record<string, string>,
  tag: string,
): StandInRun {
  const [kubectl] = programs('kubectl');
  if (!kubectl) throw new Error('kubectl is missing');
  const folder = mkdtempSync(join(tmpdir(), 'hedge-stand-ins-'));
  try {
    const standIns = join(folder, 'programs');
    mkdirSync(standIns);
    writeFileSync(join(standIns, 'stand-in'), STAND_IN);
    chmodSync(join(standIns, 'stand-in'), 0o755);
    for (const program of STOOD_IN_FOR) symlinkSync('stand-in', join(standIns, program));
    for (const [file, text] of Object.entries(given)) writeFileSync(join(folder, file), text);
    execFileSync('bash', ['-c', `set -euo pipefail\n${script}`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 30_000,
      env: {
        ...process.env,
        PATH: `${standIns}${delimiter}${process.env['PATH']}`,
        HEDGE_STAND_INS: folder,
        HEDGE_TAG: tag,
        HEDGE_NODE: process.execPath,
        HEDGE_CLI: resolve('dist/cli/main.js'),
        HEDGE_KUBECTL: kubectl,
      },
    });
    return resultsIn(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function resultsIn(folder: string): StandInRun {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = files.map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]);
  const { calls, secrets, ...rest } = Object.fromEntries(texts) as Record<string, string>;
  return {
    calls: partsOf(calls, '\x1e').map((call) => partsOf(call, '\x1f')),
    secrets: partsOf(secrets, '\n').map((line) =>
      Buffer.from(line.replace('HEDGE_SECRET: ', ''), 'base64').toString(),
    ),
    files: rest,
  };
}

/** Each of them ends with the mark. */
function partsOf(text: string, mark: string): string[] {
  return text.split(mark).slice(0, -1);
}
