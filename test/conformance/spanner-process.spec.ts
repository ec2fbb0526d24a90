import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createDatabase,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../support/emulators/spanner.emulator.js';

/** Below the package, so that its dependencies are found; ignored by git. */
const BUILD = join(import.meta.dirname, '../../build', `spanner-process-${process.pid}`);
const SOURCES = join(import.meta.dirname, '../../src');

describe.skipIf(!findEmulator())('a process with a Spanner store', () => {
  let emulator: SpannerEmulator;
  let database: string;

  beforeAll(async () => {
    emulator = await startEmulator();
    database = await createDatabase(emulator, { tables: true });
    transpile('store/spanner/index.ts');
    writeFileSync(join(BUILD, 'package.json'), '{ "type": "module" }');
  });

  afterAll(async () => {
    await emulator?.stop();
    rmSync(BUILD, { recursive: true, force: true });
  });

  function run(script: string) {
    const file = join(BUILD, `script-${Math.random()}.js`);
    const prelude = `
      import { spannerStore } from './store/spanner/index.js';
      const call = { timeout: 10_000 };
      const store = spannerStore('${database}');
      await store.open(call);
      await store.rows({ names: ['a'] }, call);`;
    writeFileSync(file, prelude + script);
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, SPANNER_EMULATOR_HOST: emulator.host },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stderr.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    const exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
      return { code, signal, output };
    });
    /** Rejects with what the process said if it ended first. */
    const opened = Promise.race([
      once(child.stdout, 'data'),
      exited.then((end) => Promise.reject(new Error(`Ended early: ${JSON.stringify(end)}`))),
    ]);
    return { child, exited, opened };
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at %s, as without the store', async (signal) => {
    const { child, exited, opened } = run(`
      setInterval(() => {}, 1_000);
      process.stdout.write('open');`);
    await opened;
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
    expect(await exited).toMatchObject({ signal, output: '' });
    clearTimeout(late);
  });

  it('ends by itself once the store is closed, without a word', async () => {
    const { child, exited, opened } = run(`
      await store.close();
      process.stdout.write('closed');`);
    await opened;
    const closed = performance.now();
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    expect(await exited).toEqual({ code: 0, signal: null, output: '' });
    clearTimeout(late);
    expect(performance.now() - closed).toBeLessThan(2_000);
  });
});

/** Transpiles a source, and those that it imports. */
function transpile(source: string): void {
  const target = join(BUILD, source.replace(/\.ts$/, '.js'));
  if (existsSync(target)) return;
  const text = readFileSync(join(SOURCES, source), 'utf8');
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
  for (const { fileName } of ts.preProcessFile(text).importedFiles) {
    const isSource = fileName.startsWith('.');
    if (isSource) transpile(join(dirname(source), fileName.replace(/\.js$/, '.ts')));
  }
}
