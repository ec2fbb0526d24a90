import { NestFactory } from '@nestjs/core';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { HedgeModule, HedgeService } from '../../../src/index.js';
import { sqliteStore } from '../../../src/store/sqlite/index.js';
import { answerCommands } from '../processes/parent.commands.js';
import { CrowdMember, type View } from './crowd.member.js';
import { FaultyStore } from '../stores/faulty.store.js';
import { Traffic, type Flow } from './traffic.js';

/* Many members in one process: each an app of its own, with its own port, and its own connection to the store. */

export interface CrowdSettings {
  /** Path of the SQLite file. */
  readonly file: string;
  readonly leaseDuration: number;
  readonly count: number;
}

/** What the process has used so far. */
export interface Usage {
  /** ms */
  readonly cpu: number;
  readonly storeCalls: number;
  readonly flows: Flow[];
  /** ms: the longest that the event loop stood still since the last time this was asked. */
  readonly stoodStill: number;
}

const settings: CrowdSettings = JSON.parse(process.argv[2]);
const traffic = new Traffic();
const loopDelay = monitorEventLoopDelay({ resolution: 5 });
let storeCalls = 0;
let members: CrowdMember[] = [];

async function join(file = settings.file): Promise<CrowdMember> {
  const { leaseDuration } = settings;
  // It fails nothing here: it counts.
  const store = new FaultyStore(sqliteStore(file));
  store.fault = () => void storeCalls++;
  const module = HedgeModule.forRoot({
    store,
    lockName: 'crowd',
    address: '127.0.0.1:0',
    leaseDuration,
    metadata: { url: 'http://member.example:3000', version: '1.0.0' },
  });
  const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
  return new CrowdMember(app, app.get(HedgeService), store);
}

async function heapInUse(): Promise<number> {
  // What finalizers let go is free after the next one.
  for (let round = 0; round < 3; round++) {
    globalThis.gc!();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

async function close(): Promise<void> {
  await Promise.all(members.map((member) => member.close()));
}

async function main(): Promise<void> {
  // What the first app of a process loads is no cost of a member.
  const first = await join(':memory:');
  await first.close();
  const emptyHeap = await heapInUse();
  storeCalls = 0;

  const commands: Record<string, () => unknown> = {
    views: (): View[] => members.map(({ view }) => view),
    usage: (): Usage => {
      const { user, system } = process.cpuUsage();
      const stoodStill = loopDelay.max / 1e6;
      loopDelay.reset();
      return { cpu: (user + system) / 1_000, storeCalls, flows: traffic.flows, stoodStill };
    },
    /** Bytes of the JavaScript heap that its members hold. */
    heap: async () => (await heapInUse()) - emptyHeap,
    stepDown: () => members.find(({ isLeader }) => isLeader)?.stepDown(),
    /** One after the other, as a deployment does. */
    restart: async () => {
      for (const member of members) {
        await member.close();
        members = [...members.filter((other) => other !== member), await join()];
      }
    },
    pause: () => process.kill(process.pid, 'SIGSTOP'),
    close,
  };
  answerCommands(async (method) => commands[method]());
  // Listened to by one for all: with Nest's own shutdown hooks the first app to close would end the process.
  process.once('SIGTERM', () => void close().then(() => process.exit()));
  process.once('disconnect', () => process.exit());

  for (let i = 0; i < settings.count; i++) members.push(await join());
  loopDelay.enable();
  process.send?.({ address: '' });
}

await main();
