import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { isListening } from '../network/free.ports.js';

/** Starts an emulator that listens on this port of the loopback, and waits until it does. */
export async function startEmulatorProcess(
  path: string,
  args: readonly string[],
  port: number,
): Promise<ChildProcess> {
  const child = spawn(path, args, { stdio: 'ignore' });
  // A test run that is cut short leaves no emulator behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  while (!(await isListening(port))) {
    if (hasEnded(child)) {
      throw new Error(`${path} ended at once (${child.exitCode ?? child.signalCode}).`);
    }
    await delay(20);
  }
  return child;
}

export async function killEmulator(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
