import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { lastValueFrom, map, toArray } from 'rxjs';
import {
  HedgeModule,
  HedgeService,
  LockService,
  type BroadcastOptions,
} from '../../../src/index.js';
import { answerCommands } from '../processes/parent.commands.js';
import { Contest, type ContestOptions } from './member.contest.js';
import { cronParts } from './member.crons.js';
import { Handlers } from './member.handlers.js';
import { startLoad, stopLoad, type LoadOptions } from './member.load.js';
import { lookAtPermits, takePermits } from './member.permits.js';
import { closing, settings } from './member.settings.js';
import { closeStore, hedgeOptions } from './member.store.js';
import { follow, keepLooking, noteMembers } from './member.watch.js';

/*
 * A member in a process of its own: an app as users write it, commanded over the IPC channel. It keeps records of what
 * it saw, on the clock that all processes of the machine share.
 */

export interface MemberStatus {
  readonly id: string;
  readonly isLeader: boolean;
  readonly token: string | undefined;
  readonly leader: string | undefined;
}

/** An entry of a broadcast, as it came. */
export interface BroadcastNote {
  readonly member: string;
  /** ms */
  readonly after: number;
  readonly reply?: string;
  readonly code?: string;
}

const { imports, providers } = cronParts();

@Module({
  imports: [HedgeModule.forRoot(hedgeOptions()), ...imports],
  providers: [Handlers, ...providers],
})
class AppModule {}

async function* numbers() {
  for (let n = 0; ; n++) yield n;
}

const commands: Record<string, (hedge: HedgeService, ...args: never[]) => unknown> = {
  status: async (hedge): Promise<MemberStatus> => ({
    id: hedge.id,
    isLeader: hedge.isLeader(),
    token: hedge.leadership?.token.toString(),
    leader: await hedge.leader({ timeout: 1 }).catch(() => undefined),
  }),
  leader: (hedge, timeout: number) => hedge.leader({ timeout }),
  stepDown: (hedge) => hedge.stepDown(),
  put: (hedge, key: string, value: string, timeout?: number) => hedge.put(key, value, { timeout }),
  get: (hedge, key: string, timeout?: number) => hedge.get(key, { timeout }),
  history: (hedge, key: string) => hedge.history(key),
  send: (hedge, pattern: string, data: unknown, timeout?: number) =>
    hedge.send(pattern, data, { timeout }),
  broadcast: async (
    hedge,
    pattern: string,
    options: BroadcastOptions,
  ): Promise<BroadcastNote[]> => {
    const begunAt = performance.now();
    const entries$ = hedge.broadcastStream(pattern, {}, options).pipe(
      map((entry) => ({
        member: entry.member,
        after: performance.now() - begunAt,
        ...('error' in entry ? { code: entry.error.code } : { reply: String(entry.reply) }),
      })),
      toArray(),
    );
    return lastValueFrom(entries$);
  },
  /** Streams numbers to a handler for as long as it goes. */
  stream: (hedge, pattern: string) => {
    hedge.stream(pattern, numbers()).subscribe({ error: () => undefined });
  },
  /** CPU time used so far, in ms. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  startLoad: (hedge, options: LoadOptions) => startLoad(hedge, options),
  stopLoad,
  takePermits: (hedge, limit: number, count: number) => takePermits(hedge, limit, count),
  heldPermits: () => lookAtPermits(),
  /** Stops this process here, between two statements: not in the middle of whatever a library does. */
  pause: () => process.kill(process.pid, 'SIGSTOP'),
};

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn', 'log'] });
  const { shutdown = 'exit-code', lookInterval = 2 } = settings;
  // By default Nest sends itself the signal again when everything is closed. With `useProcessExit` the exit code is 0,
  // which is what process managers take for an orderly end; it also ends a container's process 1, for which a
  // signal without a listener does nothing.
  if (shutdown !== 'none') {
    app.enableShutdownHooks([], { useProcessExit: shutdown === 'exit-code' });
  }
  const hedge = app.get(HedgeService);
  keepLooking(hedge, lookInterval);
  follow(hedge);
  const contest = new Contest(hedge, app.get(LockService));

  answerCommands(async (method, args) => {
    if (method === 'contend') return contest.join(args[0] as ContestOptions);
    if (method === 'waiting') return contest.waiting;
    if (method === 'stopContending') return contest.stop();
    if (method !== 'close') return commands[method](hedge, ...(args as never[]));
    closing.abort();
    await app.close();
    await closeStore();
  });

  await app.listen(0, '127.0.0.1');
  noteMembers(hedge);
  process.send?.({ address: hedge.id });
}

await main();
