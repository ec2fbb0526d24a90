/** Three members on this machine, with the two emulators in place of Spanner and Pub/Sub. */
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PubSub } from '@google-cloud/pubsub';
import { Spanner } from '@google-cloud/spanner';
import { spannerSchema } from 'nestjs-hedge/spanner';
import { inTime } from './in-time.js';

const PROJECT = 'hedge-demo';
const TOPIC = 'hedge-demo-pubctrl';

interface Emulator {
  readonly service: 'Spanner' | 'Pub/Sub';
  readonly variable: string;
  readonly start: string;
}

const SPANNER: Emulator = {
  service: 'Spanner',
  variable: 'SPANNER_EMULATOR_HOST',
  start: 'gcloud emulators spanner start',
};
const PUBSUB: Emulator = {
  service: 'Pub/Sub',
  variable: 'PUBSUB_EMULATOR_HOST',
  start: `gcloud beta emulators pubsub start --project=${PROJECT}`,
};
/** Where the emulators listen unless told otherwise. */
process.env[SPANNER.variable] ??= 'localhost:9010';
process.env[PUBSUB.variable] ??= 'localhost:8085';
/** Credentials, which no emulator asks for, are not searched for on the network. */
process.env['METADATA_SERVER_DETECTION'] ??= 'none';
const ALREADY_EXISTS = 6;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

// The Spanner package listens for both, and ends nothing.
for (const signal of SIGNALS) process.removeAllListeners(signal);
await unlessThere(SPANNER, makeInstance);
await unlessThere(SPANNER, makeDatabase);
await unlessThere(PUBSUB, makeTopic);
const members = [1, 2, 3].map(startMember);
for (const signal of SIGNALS) {
  process.on(signal, () => {
    for (const member of members) member.kill('SIGTERM');
  });
}

function startMember(number: number) {
  const member = fork(fileURLToPath(new URL('./main.js', import.meta.url)), {
    env: {
      ...process.env,
      DATABASE: `projects/${PROJECT}/instances/hedge/databases/hedge`,
      TOPIC,
      POD_IP: '127.0.0.1',
      HEDGE_PORT: '0',
      PORT: '0',
      NO_COLOR: '1',
    },
    silent: true,
  });
  for (const output of [member.stdout!, member.stderr!]) {
    createInterface(output).on('line', (line) => say(`${number}: ${line}`));
  }
  member.once('exit', (code, signal) => say(`${number}: has ended (${signal ?? code})`));
  say(`${number}: is started; to kill it: kill -9 ${member.pid}`);
  return member;
}

async function makeInstance(): Promise<void> {
  const [operation] = await new Spanner({ projectId: PROJECT })
    .getInstanceAdminClient()
    .createInstance({
      parent: `projects/${PROJECT}`,
      instanceId: 'hedge',
      instance: {
        config: `projects/${PROJECT}/instanceConfigs/emulator-config`,
        displayName: 'hedge',
        nodeCount: 1,
      },
    });
  await operation.promise();
}

async function makeDatabase(): Promise<void> {
  const [operation] = await new Spanner({ projectId: PROJECT })
    .getDatabaseAdminClient()
    .createDatabase({
      parent: `projects/${PROJECT}/instances/hedge`,
      createStatement: 'CREATE DATABASE hedge',
      extraStatements: spannerSchema(),
    });
  await operation.promise();
}

async function makeTopic(): Promise<void> {
  await new PubSub({ projectId: PROJECT }).createTopic(TOPIC);
}

async function unlessThere(emulator: Emulator, make: () => Promise<void>): Promise<void> {
  const { service, variable, start } = emulator;
  try {
    await inTime(make(), service);
  } catch (error) {
    if ((error as { code?: unknown }).code === ALREADY_EXISTS) return;
    say(`The emulator of ${service} was asked at ${process.env[variable]}: ${(error as Error).message}
Start it in another terminal, or set ${variable} to where it listens:
  ${start}`);
    // What was asked may be asked again for a minute.
    process.exit(1);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
