import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { vi } from 'vitest';
import { run } from '../../../src/cli/program.js';

const MAIN = resolve('dist/cli/main.js');

export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandSurroundings {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** As another user, where this one may. */
  readonly uid?: number;
}

/** A command that runs in a process of its own. */
export interface RunningCommand {
  readonly process: ChildProcess;
  readonly result: Promise<CommandResult>;
}

/** What a shell would be given to run the built command line. */
export function shellCommand(args: readonly string[]): string {
  return [process.execPath, MAIN, ...args].map((each) => `'${each}'`).join(' ');
}

export function startCommand(
  args: readonly string[],
  surroundings: CommandSurroundings = {},
): RunningCommand {
  return startProgram(process.execPath, [MAIN, ...args], surroundings);
}

export function runCommand(
  args: readonly string[],
  surroundings?: CommandSurroundings,
): Promise<CommandResult> {
  return startCommand(args, surroundings).result;
}

/** The same program in this process, where the process is not what the test is about: a tenth of the time. */
export async function runHere(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  const output = { stdout: '', stderr: '' };
  const write = (name: keyof typeof output) => (text: Uint8Array | string, done?: unknown) => {
    output[name] += String(text);
    if (typeof done === 'function') done();
    return true;
  };
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(write('stdout'));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(write('stderr'));
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    return { code: await run(args), signal: null, ...output };
  } finally {
    vi.unstubAllEnvs();
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

/** Any program; one that never ends is killed after 30 s, and its signal tells. */
export function startProgram(
  file: string,
  args: readonly string[],
  { env, ...rest }: CommandSurroundings = {},
): RunningCommand {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, METADATA_SERVER_DETECTION: 'none', ...env },
    ...rest,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const result = new Promise<CommandResult>((done, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => done({ code, signal, ...output }));
  });
  return { process: child, result };
}
