import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');

/**
 * Compiles the worker and what it imports. It is what this test needs and no more: processes of their own cannot run
 * TypeScript, and the state of the other sources is none of its business.
 *
 * @returns the path of the worker
 */
export function compiledWorker(): string {
  const outDir = join(root, 'build/sqlite-worker');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  );
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const worker = join(import.meta.dirname, 'sqlite-processes.worker.ts');
  ts.createProgram([worker], { ...options, outDir, noEmit: false, declaration: false }).emit();
  return join(outDir, 'test/conformance/sqlite-processes.worker.js');
}

/** Starts the worker, and keeps what it said. */
export function startWorker(
  worker: string,
  args: string[],
): { child: ChildProcess; said: string[] } {
  const child = fork(worker, args, { execArgv: [] });
  const said: string[] = [];
  child.on('message', (message) => {
    if (typeof message === 'string') said.push(message);
  });
  return { child, said };
}

/** @returns the exit code, or the signal that ended it */
export async function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

/** As a power cut or the kernel's out-of-memory killer ends a process: without a last word. */
export async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}
