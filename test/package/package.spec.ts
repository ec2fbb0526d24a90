import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPacked, type Installation } from './packed.installation.js';

interface Manifest {
  version: string;
  exports: Record<string, string | { types: string; default: string }>;
  files: string[];
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
  typedocOptions: { entryPoints: string[] };
  dependencies: Record<string, string>;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const targets = Object.values(manifest.exports).flatMap((target) =>
  typeof target === 'string' ? target : [target.types, target.default],
);
const entries = Object.keys(manifest.exports)
  .filter((entry) => !entry.endsWith('.json'))
  .map((entry) => `nestjs-hedge${entry.slice(1)}`);
const optionalPeers = Object.keys(manifest.peerDependenciesMeta);
/** Entries that are for a package, and of no use without it. */
const BESIDE: Record<string, string> = {
  'nestjs-hedge/schedule': '@nestjs/schedule',
  'nestjs-hedge/terminus': '@nestjs/terminus',
  'nestjs-hedge/opentelemetry': '@opentelemetry/api',
};
const alone = entries.filter((entry) => !(entry in BESIDE));

describe('the published package', () => {
  let installed: Installation;

  beforeAll(() => {
    installed = installPacked({ without: [...optionalPeers, 'nestjs-hedge'] });
  });
  afterAll(() => installed.remove());

  it('has every file that its exports name', () => {
    const missing = targets.filter((target) => !installed.files.includes(target.slice(2)));
    expect(missing).toEqual([]);
  });

  it('has the built sources, the licence and the README, and nothing else', () => {
    const rest = installed.files.filter((file) => !file.startsWith('dist/'));
    expect(rest.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json']);
    expect(installed.files.filter((file) => file.includes('.spec.'))).toEqual([]);
  });

  it.each(alone)('%s can be imported and required without its optional peers', (entry) => {
    expectLoadable(installed, entry);
  });

  it.each(Object.entries(BESIDE))('%s names %s where that is missing', (entry, peer) => {
    const trial = `import('${entry}').catch(({ message }) => console.log(message))`;
    expect(installed.run(trial)).toContain(`Cannot find package '${peer}'`);
  });

  it('is one and the same, imported or required', () => {
    const program = `
      import { createRequire } from 'node:module';
      import { HedgeService } from 'nestjs-hedge';
      console.log(createRequire(import.meta.url)('nestjs-hedge').HedgeService === HedgeService);`;
    expect(installed.run(program).trim()).toBe('true');
  });

  it.each([
    ['libsql', { database: 'sqlite::memory:' }],
    [
      '@google-cloud/spanner',
      { database: 'projects/p/instances/i/databases/d', lockName: 'a', address: '127.0.0.1:0' },
    ],
  ])('says how to install %s when it is needed and missing', (name, options) => {
    const [code, message] = JSON.parse(installed.run(startWith(options))) as [string, string];
    expect(code).toBe('INVALID_OPTIONS');
    expect(message).toContain(`npm install ${name}`);
  });

  it('has a command, which needs none of its optional peers to begin with', () => {
    const schema = installed.npx('schema');
    expect(schema).toMatchObject({ code: 0, stderr: '' });
    expect(schema.stdout).toContain('CREATE TABLE IF NOT EXISTS locktable');
    expect(installed.npx('--version').stdout).toBe(`${manifest.version}\n`);
    expect(installed.npx('--frob').code).toBe(2);
  });

  it.each([
    ['libsql', 'sqlite:package.json'],
    ['@google-cloud/spanner', 'projects/p/instances/i/databases/d'],
  ])('has a command that says how to install %s', (name, database) => {
    const { code, stdout, stderr } = installed.npx('status', '--database', database);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^nestjs-hedge: [^\n]+\n$/);
    expect(stderr).toContain(`npm install ${name}`);
  });
});

describe('testing apps', () => {
  let installed: Installation;

  beforeAll(() => {
    installed = installPacked({
      without: [...optionalPeers, 'nestjs-hedge', '@nestjs/testing', 'vitest'],
    });
  });
  afterAll(() => installed.remove());

  it.each(['', 'await app.close();'])('needs no other package, and keeps no process: %s', (end) => {
    const program = `
      import { Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { HedgeModule, HedgeService } from 'nestjs-hedge';
      import { hedgeTesting } from 'nestjs-hedge/testing';

      const testing = hedgeTesting();
      class AppModule {}
      Module({ imports: [HedgeModule.forRoot(testing.options)] })(AppModule);
      const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
      const other = await testing.join();
      await other.hedge.put('a', '1');
      console.log((await app.get(HedgeService).get('a')).value);
      ${end}`;
    expect(installed.run(program).trim()).toBe('1');
  });
});

describe('loading', () => {
  let installed: Installation;

  beforeAll(() => {
    installed = installPacked({ without: ['nestjs-hedge'] });
  });
  afterAll(() => installed.remove());

  it.each(Object.keys(BESIDE))('of %s works, imported or required', (entry) => {
    expectLoadable(installed, entry);
  });

  it('of the main entry loads no database client', () => {
    expect(loadedBy('nestjs-hedge')).not.toContain('libsql');
    expect(loadedBy('nestjs-hedge')).not.toContain('@google-cloud/spanner');
    // They can be seen when they are loaded.
    expect(loadedBy('nestjs-hedge', 'libsql')).toContain('libsql');
    expect(loadedBy('nestjs-hedge', '@google-cloud/spanner')).toContain('@google-cloud/spanner');
  });

  it('of an embedded member loads no Spanner client', () => {
    const program = `${startWith({ database: 'sqlite::memory:' })}\n${LOADED}`;
    const [outcome, loaded] = installed.run(program).trim().split('\n');
    expect(JSON.parse(outcome)).toEqual(['started']);
    expect(JSON.parse(loaded)).toContain('libsql');
    expect(JSON.parse(loaded)).not.toContain('@google-cloud/spanner');
  });

  function loadedBy(...names: string[]): string[] {
    const imports = names.map((name) => `await import('${name}');`).join('\n');
    return JSON.parse(installed.run(`${imports}\n${LOADED}`)) as string[];
  }
});

describe('the repository', () => {
  it('has an API reference of every entry', () => {
    const sources = targets
      .filter((target) => target.endsWith('.d.ts'))
      .map((target) => target.replace('./dist/', 'src/').replace('.d.ts', '.ts'));
    expect(manifest.typedocOptions.entryPoints.toSorted()).toEqual(sources.toSorted());
    expect(sources.length).toBeGreaterThan(5);
  });

  it('names no download hosts in package-lock.json', () => {
    expect(readFileSync('package-lock.json', 'utf8')).not.toContain('"resolved"');
  });

  it('declares every package that the library imports', () => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const imported = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .flatMap((file) => ts.preProcessFile(readFileSync(join('src', file), 'utf8')).importedFiles)
      .map(({ fileName }) => /^(@[^/]+\/)?[^/]+/.exec(fileName)?.[0] ?? '')
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:'));
    expect(imported.filter((name) => !declared.includes(name))).toEqual([]);
    expect(imported).toEqual(expect.arrayContaining(['@nestjs/core', ...optionalPeers]));
  });
});

function expectLoadable(installed: Installation, entry: string): void {
  const names = `Object.keys(entry).length`;
  const imported = installed.run(`import * as entry from '${entry}'; console.log(${names})`);
  const required = installed.run(`const entry = require('${entry}'); console.log(${names})`, 'cjs');
  expect(Number(imported)).toBeGreaterThan(0);
  // `require` of a module has an `__esModule` mark more, if that.
  expect(Number(required)).toBeGreaterThanOrEqual(Number(imported));
}

/** Both clients are CommonJS: what was loaded of them is in Node's module cache. */
const LOADED = `
  const { createRequire } = await import('node:module');
  const files = Object.keys(createRequire(import.meta.url).cache);
  console.log(JSON.stringify(['libsql', '@google-cloud/spanner'].filter((name) =>
    files.some((file) => file.includes('/node_modules/' + name + '/')))));`;

/** A program that starts a member and prints \`["started"]\`, or the code and the message of the error. */
function startWith(options: object): string {
  return `
    import { Module } from '@nestjs/common';
    import { NestFactory } from '@nestjs/core';
    import { HedgeModule } from 'nestjs-hedge';

    class AppModule {}
    Module({ imports: [HedgeModule.forRoot(${JSON.stringify(options)})] })(AppModule);
    try {
      const app = await NestFactory.createApplicationContext(AppModule, {
        logger: false,
        abortOnError: false,
      });
      await app.close();
      console.log(JSON.stringify(['started']));
    } catch ({ code, message }) {
      console.log(JSON.stringify([code, message]));
    }`;
}
