import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/time/until.js';
import { buildStages, stagesOf, valueOf } from './dockerfile.stages.js';
import { freePort } from '../support/network/free.ports.js';

const SAMPLE = 'sample/02-pubsub-gke';
/** ms: it compiles and installs, on a machine that has other tests to run. */
const BUILD = 300_000;
const manifest = manifestOf(`${SAMPLE}/package.json`);
const root = manifestOf('package.json');

describe('the packages of the Pub/Sub sample', () => {
  it('are those that the repository is tested with', () => {
    const { 'nestjs-hedge': itself, ...others } = manifest.dependencies;
    expect(itself).toBe('file:../..');
    for (const [name, range] of Object.entries(others)) {
      expect([name, range]).toEqual([name, root.devDependencies[name]]);
    }
    const locked = lock(`${SAMPLE}/package-lock.json`);
    expect(locked.length).toBeGreaterThan(100);
    // Otherwise: copy the versions, `npm install --package-lock-only` in the sample's folder.
    const tested = new Set(lock('package-lock.json'));
    expect(locked.filter((entry) => !tested.has(entry))).toEqual([]);
  });

  it('are locked without download hosts', () => {
    expect(readFileSync(`${SAMPLE}/package-lock.json`, 'utf8')).not.toMatch(/https?:[^"]*\.tgz/);
  });
});

describe('the Dockerfile of the Pub/Sub sample', () => {
  const stages = stagesOf(readFileSync(`${SAMPLE}/Dockerfile`, 'utf8'));
  const image = stages.at(-1)!;
  const [command, ...files] = JSON.parse(valueOf(image, 'CMD')) as string[];
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hedge-image-'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('builds on a release that it names', () => {
    const bases = stages.map((stage) => valueOf(stage, 'FROM').split(' ')[0]);
    for (const base of bases) expect(base).toMatch(/^[\w./-]+:\d[\w.-]*$/);
    expect(new Set(bases).size).toBe(1);
  });

  it('runs node itself, and not as root', () => {
    const [user] = valueOf(image, 'USER').split(':');
    expect(Number(user)).toBeGreaterThan(0);
    expect([command, files.length]).toEqual(['node', 1]);
    expect(image.map(({ name }) => name)).not.toContain('ENTRYPOINT');
    expect(image).toContainEqual({ name: 'ENV', value: 'NODE_ENV=production' });
  });

  it(
    'makes an app that starts with what is installed for production, and ends at a SIGTERM',
    async () => {
      buildStages(`${SAMPLE}/Dockerfile`, folder);
      // Nothing of it is in the image but what was copied.
      rmSync(join(folder, 'build'), { recursive: true });
      const app = join(folder, `${stages.length - 1}`, valueOf(image, 'WORKDIR'));
      expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false);

      const port = await freePort();
      const child = spawn(process.execPath, files, {
        cwd: app,
        env: {
          PATH: process.env['PATH'],
          NODE_ENV: 'production',
          DATABASE: 'projects/p/instances/i/databases/d',
          // Nobody is there: it starts all the same.
          SPANNER_EMULATOR_HOST: 'localhost:1',
          PUBSUB_EMULATOR_HOST: 'localhost:1',
          METADATA_SERVER_DETECTION: 'none',
          POD_IP: '127.0.0.1',
          HEDGE_PORT: '0',
          PORT: `${port}`,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const exited = once(child, 'exit');
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (text) => (output += String(text)));
      }
      try {
        await until('it is alive', async () => {
          if (child.exitCode !== null) throw new Error(output);
          const answer = await fetch(`http://localhost:${port}/health/live`).catch(() => undefined);
          return answer?.ok;
        });
        child.kill('SIGTERM');
        expect(await exited).toEqual([0, null]);
      } finally {
        child.kill('SIGKILL');
      }
    },
    BUILD,
  );
});

/** Of a package.json, or of its lock. */
interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly packages: Record<string, { integrity?: string }>;
}

/** Each package with where it stands and what its content is known by. */
function lock(file: string): string[] {
  const { packages } = manifestOf(file);
  return Object.entries(packages)
    .filter(([path]) => path !== '' && path !== 'node_modules/nestjs-hedge')
    .map(([path, { integrity }]) => `${path} ${integrity}`);
}

function manifestOf(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}
