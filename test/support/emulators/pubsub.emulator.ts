import { gcloudFile, programs } from '../processes/installed.programs.js';
import { killEmulator, startEmulatorProcess } from './emulator.process.js';
import { freePort } from '../network/free.ports.js';

export interface PubSubEmulator {
  /** `localhost:port`, for PUBSUB_EMULATOR_HOST. */
  readonly host: string;
  stop(): Promise<void>;
}

const HOW_TO_GET_IT =
  'No Pub/Sub emulator: its suites are skipped. Install a Java runtime and the gcloud CLI with the component ' +
  'pubsub-emulator (Debian: default-jre-headless, google-cloud-cli-pubsub-emulator); PUBSUB_EMULATOR_HOST names one that runs.\n';

/**
 * A running emulator (PUBSUB_EMULATOR_HOST), or the gcloud CLI's. Without any, or without `gcloud`, which the tests publish
 * by: `undefined` and one line on stderr; with `CI=true` an error.
 */
export function findPubSubEmulator(): { host: string } | { path: string } | undefined {
  const host = process.env['PUBSUB_EMULATOR_HOST'];
  if (host && programs('gcloud').length > 0) return { host };
  const path = gcloudFile('..', 'platform', 'pubsub-emulator', 'bin', 'cloud-pubsub-emulator');
  if (path && (process.env['JAVA_HOME'] || programs('java').length > 0)) return { path };
  if (process.env['CI'] === 'true') throw new Error(HOW_TO_GET_IT);
  process.stderr.write(HOW_TO_GET_IT);
  return undefined;
}

/** Starts one on a free port, or takes the one that runs. */
export async function startPubSubEmulator(): Promise<PubSubEmulator> {
  const source = findPubSubEmulator();
  if (!source) throw new Error(HOW_TO_GET_IT);
  if ('host' in source) return { host: source.host, stop: () => Promise.resolve() };
  const port = await freePort();
  const args = ['--host=127.0.0.1', `--port=${port}`];
  const child = await startEmulatorProcess(source.path, args, port);
  return { host: `localhost:${port}`, stop: () => killEmulator(child) };
}
