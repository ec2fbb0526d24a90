import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { PubSub } from '@google-cloud/pubsub';

// Nobody looks at credentials: they are not searched for on the network.
process.env['METADATA_SERVER_DETECTION'] = 'none';

export const PROJECT = 'hedge-demo';
export const TOPIC = 'hedge-demo-pubctrl';

/** A process of sample/02-pubsub-gke, and every line it printed. */
export class SampleProcess {
  readonly lines: string[] = [];
  readonly exited: Promise<unknown[]>;

  constructor(readonly child: ChildProcess) {
    for (const output of [child.stdout!, child.stderr!]) {
      createInterface(output).on('line', (line) => this.lines.push(line));
    }
    this.exited = once(child, 'exit');
  }

  /** What follows the pattern in the lines that have it. */
  after(pattern: RegExp): string[] {
    return this.lines.flatMap((line) => {
      const found = pattern.exec(line);
      return found ? line.slice(found.index + found[0].length) : [];
    });
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** Runs a command line of the sample's README, in place of the shell that it is given to. */
export function startSampleCommand(line: string, env: NodeJS.ProcessEnv): SampleProcess {
  return new SampleProcess(spawn('bash', ['-c', `exec ${line}`], { env: environment(env) }));
}

/** One pod: the app alone, as its image runs it. @param within what the command line is to be begun with */
export function startPod(env: NodeJS.ProcessEnv, within: readonly string[] = []): SampleProcess {
  const [command, ...args] = [...within, process.execPath, 'build/sample/02-pubsub-gke/main.js'];
  return new SampleProcess(spawn(command, args, { env: environment(env) }));
}

/** The processes that a process has started and that run. */
export function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}

/** Without what the test runner has in its own. */
function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_ENV: _, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1', METADATA_SERVER_DETECTION: 'none', ...env };
}

/** A client of the emulator. */
export function pubsubClient(host: string): PubSub {
  return new PubSub({ projectId: PROJECT, apiEndpoint: host, emulatorMode: true });
}
