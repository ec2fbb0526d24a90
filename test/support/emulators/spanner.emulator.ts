import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@google-cloud/spanner';
import { grpcCode } from '../../../src/store/spanner/grpc.error.js';
import { spannerSchema } from '../../../src/store/spanner/index.js';
import { loadSpannerPackage } from '../../../src/store/spanner/spanner.package.js';
import { killEmulator, startEmulatorProcess } from './emulator.process.js';
import { gcloudFile } from '../processes/installed.programs.js';
import { freePort } from '../network/free.ports.js';

/** Where an emulator comes from. */
export type EmulatorSource =
  | { readonly kind: 'running'; readonly host: string }
  | { readonly kind: 'binary'; readonly path: string }
  | { readonly kind: 'container' };

export interface SpannerEmulator {
  /** `localhost:port`, for SPANNER_EMULATOR_HOST. */
  readonly host: string;
  /** Of the emulator's own process; `undefined` where it is not ours. */
  readonly pid: number | undefined;
  /** Whether `pause`, `resume` and `restartEmpty` work: they need a process of our own. */
  readonly isOwn: boolean;
  /** Stops the process in its tracks: it answers nothing, and its sockets stay open. */
  pause(): void;
  resume(): void;
  /** On the same port, with nothing in it. */
  restartEmpty(): Promise<void>;
  stop(): Promise<void>;
}

const HOW_TO_GET_IT =
  'No Spanner emulator: its suites are skipped. Set SPANNER_EMULATOR_HOST, install the gcloud CLI with the component ' +
  'cloud-spanner-emulator (Debian: google-cloud-cli-spanner-emulator), or run Docker.\n';
const IMAGE = 'gcr.io/cloud-spanner-emulator/emulator:latest';

/**
 * Where to get an emulator: a running one (SPANNER_EMULATOR_HOST), the gcloud CLI's, or a container where Docker
 * really runs. Without any: `undefined` and one line on stderr; with `CI=true` an error.
 */
export function findEmulator(): EmulatorSource | undefined {
  const host = process.env['SPANNER_EMULATOR_HOST'];
  if (host) return { kind: 'running', host };
  const path = gcloudFile('cloud_spanner_emulator', 'emulator_main');
  if (path) return { kind: 'binary', path };
  const docker = spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 });
  if (docker.status === 0) return { kind: 'container' };
  if (process.env['CI'] === 'true') throw new Error(HOW_TO_GET_IT);
  process.stderr.write(HOW_TO_GET_IT);
  return undefined;
}

/** Starts an emulator of its own (or takes the running one): on a free port unless told which. */
export async function startEmulator(
  options: { faultInjection?: boolean; port?: number } = {},
): Promise<SpannerEmulator> {
  const source = findEmulator();
  if (!source) throw new Error(HOW_TO_GET_IT);
  if (source.kind === 'running') return foreignEmulator(source.host, () => Promise.resolve());
  if (source.kind === 'container') {
    const { SpannerEmulatorContainer } = await import('@testcontainers/gcloud');
    const container = await new SpannerEmulatorContainer(IMAGE).start();
    return foreignEmulator(container.getEmulatorGrpcEndpoint(), async () => {
      await container.stop();
    });
  }
  return startBinary(source.path, options.port ?? (await freePort()), options.faultInjection);
}

const PROJECT = 'test-project';
const INSTANCE = 'test-instance';
let databases = 0;

/**
 * A database of its own in the emulator; the instance is made if need be.
 * @returns `projects/test-project/instances/test-instance/databases/…`
 */
export async function createDatabase(
  emulator: Pick<SpannerEmulator, 'host'>,
  options: { tables: boolean | readonly string[]; name?: string },
): Promise<string> {
  const database = options.name ?? `d${process.pid}-${(databases += 1)}`;
  const { spanner } = loadSpannerPackage();
  const client = new spanner.Spanner(emulatorOptions(emulator));
  const instances = client.getInstanceAdminClient();
  const admin = client.getDatabaseAdminClient();
  const instance = `projects/${PROJECT}/instances/${INSTANCE}`;
  try {
    const [creation] = await instances.createInstance({
      parent: `projects/${PROJECT}`,
      instanceId: INSTANCE,
      instance: {
        config: `projects/${PROJECT}/instanceConfigs/emulator-config`,
        displayName: INSTANCE,
        nodeCount: 1,
      },
    });
    await creation.promise();
  } catch (error) {
    if (grpcCode(error) !== ALREADY_EXISTS) throw error;
  }
  const [operation] = await admin.createDatabase({
    parent: instance,
    createStatement: `CREATE DATABASE \`${database}\``,
    extraStatements:
      typeof options.tables === 'object'
        ? [...options.tables]
        : options.tables
          ? spannerSchema()
          : [],
  });
  await operation.promise();
  await client.close();
  return `${instance}/databases/${database}`;
}

const ALREADY_EXISTS = 6;

/** What a `new Spanner()` takes to reach this emulator, whatever the environment says. */
export function emulatorOptions({ host }: Pick<SpannerEmulator, 'host'>): object {
  const { grpc } = loadSpannerPackage();
  const [servicePath, port] = host.split(':');
  return {
    projectId: PROJECT,
    servicePath,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
    // Nobody looks at credentials: don't have them searched for.
    clientOptions: { universeDomain: 'googleapis.com' },
  };
}

/** A `Database` in this emulator, as an app has one. */
export function databaseHandle(emulator: Pick<SpannerEmulator, 'host'>, name: string): Database {
  const [, , , instance, , database] = name.split('/');
  const { spanner } = loadSpannerPackage();
  const client = new spanner.Spanner(emulatorOptions(emulator));
  // The gcloud CLI's emulator has no multiplexed sessions, which the client uses unless told not to.
  for (const kind of ['', '_FOR_RW', '_PARTITIONED_OPS']) {
    process.env[`GOOGLE_CLOUD_SPANNER_MULTIPLEXED_SESSIONS${kind}`] = 'false';
  }
  // Without sessions of its own: the store makes its own, and nobody would end these.
  return client.instance(instance).database(database, { min: 0 });
}

async function startBinary(
  path: string,
  port: number,
  faultInjection = false,
): Promise<SpannerEmulator> {
  const flags = ['--host_port', `127.0.0.1:${port}`];
  if (faultInjection) flags.push('--enable_fault_injection');
  const launch = () => startEmulatorProcess(path, flags, port);
  let child = await launch();
  return {
    host: `localhost:${port}`,
    get pid() {
      return child.pid;
    },
    isOwn: true,
    pause: () => {
      child.kill('SIGSTOP');
      waitUntilStopped(child.pid);
    },
    resume: () => child.kill('SIGCONT'),
    restartEmpty: async () => {
      // The old one first has to be gone: two would share the port silently.
      await killEmulator(child);
      child = await launch();
    },
    stop: () => killEmulator(child),
  };
}

/** The signal takes a moment to arrive, in which the emulator would still answer. */
function waitUntilStopped(pid: number | undefined): void {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return;
  const isStopped = (task: string) =>
    /\) [Tt] /.test(readFileSync(join(tasks, task, 'stat'), 'utf8'));
  while (!readdirSync(tasks).every(isStopped));
}

function foreignEmulator(host: string, stop: () => Promise<void>): SpannerEmulator {
  return {
    host,
    pid: undefined,
    isOwn: false,
    pause: notOurs,
    resume: notOurs,
    restartEmpty: notOurs,
    stop,
  };
}

function notOurs(): never {
  throw new Error('This emulator is not a process of ours: unset SPANNER_EMULATOR_HOST.');
}
