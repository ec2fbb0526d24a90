import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Nobody listens there. */
const NOWHERE = '--server=http://127.0.0.1:1';

/**
 * What the real kubectl says of commands before it looks for a cluster, which there is none of.
 * @param manifests what `file` has in it, and what is piped into them
 * @returns a text for each, empty where it did look
 */
export async function kubectlFaults(
  commands: readonly (readonly string[])[],
  file: string,
  manifests: string,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hedge-kubectl-'));
  try {
    writeFileSync(join(folder, file), manifests);
    return await Promise.all(commands.map(([, ...args]) => faultOf(args, folder, manifests)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function faultOf(args: readonly string[], folder: string, input: string): Promise<string> {
  return new Promise((resolve) => {
    const env = { ...process.env, KUBECONFIG: join(folder, 'none'), HOME: folder };
    const options = { cwd: folder, env, timeout: 30_000 };
    const child = execFile('kubectl', [...args, NOWHERE], options, (error, _output, complaint) => {
      const hasLooked = !error || /connection refused|was refused/.test(complaint);
      resolve(hasLooked ? '' : complaint || error.message);
    });
    child.stdin?.on('error', () => undefined).end(input);
  });
}
