import { spawn, type ChildProcess } from 'node:child_process';
import { freePort, isPortFree } from '../network/free.ports.js';

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
  const first = base ?? (await freePorts());
  const child = spawn(process.execPath, ['build/sample/01-demo/cluster.js'], {
    env: { ...process.env, PORT: `${first}` },
  });
  return new Demo(
    child,
    [0, 1, 2].map((offset) => `http://localhost:${first + offset}`),
  );
}

/** The first of three neighbouring ports that are free. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const first = await freePort();
    if ((await isPortFree(first + 1)) && (await isPortFree(first + 2))) return first;
  }
}
