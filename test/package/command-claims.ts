import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Who answers for commands that pages have their readers type. */
export type Claim = CheckedHere | RunElsewhere;

interface CheckedHere {
  readonly command: RegExp;
  /** Says what is wrong; nothing where it works. */
  readonly check: (command: string, page: string) => string;
}

interface RunElsewhere {
  readonly page: string;
  readonly command: RegExp;
  /** Runs them: it takes them from the page by `commandsOf(page)`. */
  readonly spec: string;
}

/** The first that fits has it. Add yours here; a command that nobody claims fails the tests. */
export const CLAIMS: readonly Claim[] = [
  { page: 'sample/01-demo/README.md', command: /^curl /, spec: 'test/e2e/demo.spec.ts' },
  { command: /^npm /, check: faultOfNpm },
  { command: /^npx nestjs-hedge /, check: faultOfCommandLine },
];

export function claimOf(page: string, command: string): Claim | undefined {
  return CLAIMS.find(
    (claim) => claim.command.test(command) && (!('page' in claim) || claim.page === page),
  );
}

/** Scripts have to be there, and packages to be those that the library is tested with. */
function faultOfNpm(line: string, page: string): string {
  const manifests = ['package.json', join(dirname(page), 'package.json')]
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>);
  const namesIn = (...fields: string[]) =>
    manifests.flatMap((manifest) => fields.flatMap((field) => Object.keys(manifest[field] ?? {})));
  const packages = namesIn('dependencies', 'devDependencies', 'peerDependencies');
  const faults = line.split(/ && |; /).map((command) => {
    const [npm, verb, ...args] = command.split(/\s+/);
    if (npm !== 'npm') return `${command} is not of npm`;
    if (verb === 'ci' && args.length === 0) return '';
    if (verb === 'install') {
      return args.filter((name) => name !== 'nestjs-hedge' && !packages.includes(name)).join(' ');
    }
    const script = verb === 'run' ? args[0] : verb;
    return namesIn('scripts').includes(script) ? '' : `There is no script ${script}`;
  });
  return faults.filter(Boolean).join('; ');
}

/** Runs it as a shell does, on a database of SQLite that has the tables: that of the page is not here. */
function faultOfCommandLine(line: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'hedge-documented-'));
  const here = 'sqlite:./hedge.db';
  const script = `
    set -euo pipefail
    npx() { shift; "${process.execPath}" "${resolve('dist/cli/main.js')}" "$@"; }
    touch hedge.db
    npx nestjs-hedge schema --apply --database ${here} > tables.sql
    ${line.replaceAll(/projects\/[\w-]+\/instances\/[\w-]+\/databases\/[\w-]+/g, here)}`;
  try {
    const { status, signal, stderr } = spawnSync('bash', ['-c', script], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, HEDGE_DATABASE: here },
    });
    return status === 0 ? '' : `It ends with ${status ?? signal}: ${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
