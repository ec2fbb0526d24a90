import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
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
export function startCommand(line: string, env: NodeJS.ProcessEnv): SampleProcess {
  return new SampleProcess(spawn('bash', ['-c', `exec ${line}`], { env: environment(env) }));
}

/** One pod: the app alone, as its image runs it. */
export function startPod(env: NodeJS.ProcessEnv): SampleProcess {
  const args = ['build/sample/02-pubsub-gke/main.js'];
  return new SampleProcess(spawn(process.execPath, args, { env: environment(env) }));
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
