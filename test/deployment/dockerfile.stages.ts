import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

/** One line of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** What each FROM of a Dockerfile begins. */
export function stagesOf(dockerfile: string): Instruction[][] {
  const lines = dockerfile
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  const stages: Instruction[][] = [];
  for (const line of lines.filter((text) => text.trim() !== '')) {
    const [, name, value] = /^([A-Z]+)\s+(.*)$/.exec(line)!;
    if (name === 'FROM') stages.push([]);
    stages.at(-1)!.push({ name, value });
  }
  return stages;
}

/** The last one counts. */
export function valueOf(stage: readonly Instruction[], wanted: string): string {
  return stage.findLast(({ name }) => name === wanted)?.value ?? '';
}

/**
 * Does what the build of an image does, on this machine and as far as files go: below `folder`, each stage in a folder of its
 * name or number, from the repository that the tests run in.
 */
export function buildStages(dockerfile: string, folder: string): void {
  const isIgnored = ignoring(readFileSync(`${dockerfile}.dockerignore`, 'utf8'));
  for (const [number, stage] of stagesOf(readFileSync(dockerfile, 'utf8')).entries()) {
    const root = join(folder, /(?<= AS )\w+/.exec(valueOf(stage, 'FROM'))?.[0] ?? `${number}`);
    let at = root;
    for (const { name, value } of stage) {
      if (name === 'WORKDIR') at = join(root, value);
      mkdirSync(at, { recursive: true });
      if (name === 'RUN') run(value, at);
      if (name === 'COPY') {
        const [, from, paths] = /^(?:--from=(\w+) )?(.*)$/.exec(value)!;
        if (from) copy(paths, join(folder, from), at, () => false);
        else copy(paths, resolve(), at, isIgnored);
      }
    }
  }
}

/** As COPY does: of a folder it takes what is in it. */
function copy(paths: string, from: string, at: string, isIgnored: (path: string) => boolean): void {
  const sources = paths.split(' ');
  const target = sources.pop()!;
  const isFolder = target.endsWith('/');
  if (sources.length > 1 && !isFolder) throw new Error(`${target} is no folder for ${paths}`);
  for (const source of sources.map((path) => join(from, path))) {
    const isFile = statSync(source).isFile();
    cpSync(source, join(at, target, isFile && isFolder ? basename(source) : ''), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !isIgnored(relative(from, path)),
    });
  }
}

function run(command: string, at: string): void {
  // What that would fetch stands here already.
  if (command === 'npm ci' && hasLockOf(resolve(), at)) {
    symlinkSync(resolve('node_modules'), join(at, 'node_modules'));
    return;
  }
  const env = { ...process.env, npm_config_prefer_offline: 'true' };
  execFileSync('bash', ['-c', command], { cwd: at, env, stdio: 'pipe' });
}

function hasLockOf(folder: string, other: string): boolean {
  const [one, two] = [folder, other].map((each) =>
    ['package.json', 'package-lock.json'].map((file) => readFileSync(join(each, file), 'utf8')),
  );
  return one.join() === two.join();
}

/** Of the patterns of a .dockerignore: names, `*`, and `**` for any folders. */
function ignoring(patterns: string): (path: string) => boolean {
  const ignored = patterns
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((glob) => glob.replaceAll('.', '\\.').replaceAll(/(\*\*\/)|\*/g, anyOf))
    .map((pattern) => new RegExp(`^${pattern}$`));
  return (path) => ignored.some((pattern) => pattern.test(path));
}

function anyOf(_text: string, folders: string | undefined): string {
  return folders ? '(.*/)?' : '[^/]*';
}
