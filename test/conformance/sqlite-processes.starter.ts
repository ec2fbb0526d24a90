import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const WORKER = join(import.meta.dirname, '../../build/test/conformance/sqlite-processes.worker.js');

/** Starts the worker, and keeps what it said. */
export function startWorker(args: string[]): { child: ChildProcess; said: string[] } {
  const child = fork(WORKER, args, { execArgv: [] });
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
