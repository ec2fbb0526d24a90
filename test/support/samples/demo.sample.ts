import { spawn, type ChildProcess } from 'node:child_process';
import { startOfFreeRange } from '../network/free.ports.js';

/** What `npm start` starts, on ports that are free. */
export class Demo {
  output = '';

  constructor(
    readonly child: ChildProcess,
    readonly urls: readonly string[],
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }
}

export async function startDemo(base?: number): Promise<Demo> {
  const first = base ?? (await startOfFreeRange(3));
  const child = spawn(process.execPath, ['build/sample/01-demo/cluster.js'], {
    env: { ...process.env, PORT: `${first}` },
  });
  return new Demo(
    child,
    [0, 1, 2].map((offset) => `http://localhost:${first + offset}`),
  );
}
