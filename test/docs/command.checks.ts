import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Says what is wrong with a command of a page; nothing where it works. */
export type CommandCheck = (command: string, page: string) => string;

/** Commands joined by `&&`, each checked by what it calls. */
export const faultOfNode: CommandCheck = (line, page) => {
  const faults = line.split(' && ').map((command) => {
    const [program, ...args] = command.split(/\s+/);
    if (program === 'npm') return faultOfNpm(args, page);
    if (program === 'npx' && args[0] === 'tsc') return faultOfTsc(args);
    if (program === 'node') return faultOfProgram(args);
    return `${command} is checked by nobody`;
  });
  return faults.filter(Boolean).join('; ');
};

/** Scripts have to be there, and packages to be those that the library is tested with. */
function faultOfNpm([verb, ...args]: string[], page: string): string {
  const manifests = ['package.json', join(dirname(page), 'package.json')]
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>);
  const namesIn = (...fields: string[]) =>
    manifests.flatMap((manifest) => fields.flatMap((field) => Object.keys(manifest[field] ?? {})));
  if (verb === 'ci' && args.length === 0) return '';
  if (verb === 'install') {
    const packages = namesIn('dependencies', 'devDependencies', 'peerDependencies');
    return args.filter((name) => name !== 'nestjs-hedge' && !packages.includes(name)).join(' ');
  }
  const script = verb === 'run' ? args[0] : verb;
  return namesIn('scripts').includes(script) ? '' : `There is no script ${script}`;
}

function faultOfTsc([, project, folder, ...rest]: string[]): string {
  if (project !== '-p' || rest.length > 0) return 'npx tsc is meant to get -p and a folder';
  return existsSync(join(folder, 'tsconfig.json')) ? '' : `${folder} has no tsconfig.json`;
}

/** By what it is compiled from: the page tells how. */
function faultOfProgram([file]: string[]): string {
  const source = file.replace(/^build\//, '').replace(/\.js$/, '.ts');
  return existsSync(source) ? '' : `There is no ${source} to make ${file} of`;
}

/** Asks vitest which tests it would run; none is. What is set before it has to be what tests look at. */
export const faultOfVitest: CommandCheck = (line) => {
  const [settings, args] = line.split('npx vitest run ');
  const known = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('test', file), 'utf8'))
    .join('\n');
  const names = [...settings.matchAll(/(\w+)=/g)].map(([, name]) => name);
  const unknown = names.filter((name) => !known.includes(`process.env.${name}`));
  if (unknown.length > 0) return `No test looks at ${unknown.join()}`;
  // To collect tests by their names takes seconds.
  const list = args.includes(' -t ') ? `vitest list ${args}` : `vitest list --filesOnly ${args}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `npx ${list} --json`], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (status !== 0) return `It ends with ${status}: ${stderr}`;
  return JSON.parse(stdout).length > 0 ? '' : 'There is no such test';
};

/** Runs it as a shell does, on a database of SQLite that has the tables: that of the page is not here. */
export const faultOfCommandLine: CommandCheck = (line) => {
  const here = 'sqlite:./hedge.db';
  const name = /projects\/[\w-]+\/instances\/[\w-]+\/databases\/[\w-]+/g;
  const setUp = `
    npx() { shift; "${process.execPath}" "${resolve('dist/cli/main.js')}" "$@"; }
    touch hedge.db
    ${/ status\b/.test(line) ? `npx nestjs-hedge schema --apply --database ${here} > tables.sql` : ''}`;
  return faultOfScript(`${setUp}\n${line.replaceAll(name, here)}`, { HEDGE_DATABASE: here });
};

export const faultInShell: CommandCheck = (line) => faultOfScript(line);

/** Runs it in a folder of its own. */
function faultOfScript(script: string, env: NodeJS.ProcessEnv = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'hedge-documented-'));
  try {
    const { status, signal, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, ...env },
    });
    return status === 0 ? '' : `It ends with ${status ?? signal}: ${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Asks gcloud whether it knows the command and its flags; nothing is run. */
export const faultOfGcloud: CommandCheck = (line) => {
  const args = ['meta', 'lint-gcloud-commands', `--command-string=${line}`];
  const { stdout, error } = spawnSync('gcloud', args, { encoding: 'utf8', timeout: 30_000 });
  // Whoever works on something else need not have it.
  if (error) return process.env['CI'] ? `gcloud does not start: ${error.message}` : '';
  const found = JSON.parse(stdout) as { success: boolean; error_message: string | null }[];
  return found.map(({ success, error_message: text }) => (success ? '' : text)).join('');
};
