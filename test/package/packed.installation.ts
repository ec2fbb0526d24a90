import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What runs with the packed library installed. */
export interface Installation {
  /** Every file of the package. */
  readonly files: readonly string[];
  /** Runs a program, and gives what it wrote to stdout. */
  run(program: string, type?: 'mjs' | 'cjs'): string;
  /** Runs its command, as npm links it: `npx nestjs-hedge …`. */
  npx(...args: string[]): { code: number | null; stdout: string; stderr: string };
  remove(): void;
}

/** Packs the library as `npm publish` would, and installs it beside all of our packages but some. */
export function installPacked(options: { without: readonly string[] }): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'hedge-packed-'));
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  const [{ filename, files }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ filename: string; files: { path: string }[] }];
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder]);
  renameSync(join(folder, 'package'), join(modules, 'nestjs-hedge'));
  for (const name of packagesIn('node_modules')) {
    if (options.without.some((absent) => name === absent || name.startsWith(`${absent}/`)))
      continue;
    const link = join(modules, name);
    mkdirSync(join(link, '..'), { recursive: true });
    symlinkSync(resolve('node_modules', name), link);
  }
  writeFileSync(join(folder, 'package.json'), '{"dependencies":{"nestjs-hedge":"*"}}');
  // What an install does last: the links of the commands, and the right to execute them.
  execFileSync('npm', ['rebuild', '--ignore-scripts', '--offline', 'nestjs-hedge'], {
    cwd: folder,
    stdio: 'ignore',
  });
  return {
    files: files.map(({ path }) => path),
    run(program, type = 'mjs') {
      const file = join(folder, `program.${type}`);
      writeFileSync(file, program);
      return execFileSync(process.execPath, [file], { encoding: 'utf8', timeout: 30_000 });
    },
    npx(...args) {
      const { status, stdout, stderr } = spawnSync('npx', ['nestjs-hedge', ...args], {
        cwd: folder,
        encoding: 'utf8',
        timeout: 30_000,
        // Only what is installed; and nothing of npm's own on stderr.
        env: { ...process.env, npm_config_offline: 'true', npm_config_loglevel: 'silent' },
      });
      return { code: status, stdout, stderr };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function packagesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@')
        ? readdirSync(join(folder, name)).map((part) => `${name}/${part}`)
        : name,
    );
}
