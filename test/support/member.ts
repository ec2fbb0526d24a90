import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { lastValueFrom, map, toArray } from 'rxjs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  HedgeContext,
  HedgeModule,
  HedgeService,
  HedgeStream,
  LockService,
  OnBroadcast,
  OnLeaderMessage,
  OnLeaderStream,
  type BroadcastOptions,
  type HedgeModuleOptions,
  type Permit,
} from '../../src/index.js';
import { parseTimestamp } from '../../src/log/timestamp.js';
import { answerCommands, codeOf } from './commands.js';
import { keepTaking, type LockLoad } from './lock.load.js';
import { machineTime, RecordWriter } from './member.records.js';

/*
 * A member in a process of its own: an app as users write it, commanded over the IPC channel. It keeps records of what
 * it saw, on the clock that all processes of the machine share.
 */

export interface MemberSettings {
  readonly hedge: HedgeModuleOptions;
  /** Folder for the records. */
  readonly records: string;
  /**
   * `exit-code`: a signal ends the app with code 0. `signal`: Nest's default, which sends the signal to itself again
   * once the app is closed, so the process counts as killed by it (143 in a shell or a container). `none`: as `nest new`
   * makes an app, without `enableShutdownHooks()`.
   * @default 'exit-code'
   */
  readonly shutdown?: 'exit-code' | 'signal' | 'none';
  /** ms between two looks at `isLeader()`. @default 2 */
  readonly lookInterval?: number;
  /** A lock to take again and again. */
  readonly lock?: LockLoad;
}

export interface LoadOptions {
  /** Keys are `{prefix}-{worker}`. */
  readonly prefix: string;
  /** Each puts one entry after the other under a key of its own. */
  readonly workers: number;
  /** ms between an answer and the next put */
  readonly pause: number;
  /** ms; @default `requestTimeout` */
  readonly timeout?: number;
}

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

const settings: MemberSettings = JSON.parse(process.argv[2]);
const records = new RecordWriter(settings.records);

@Injectable()
class Handlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('echo')
  echo(@Payload() data: unknown, @Ctx() context: HedgeContext) {
    return { data, by: this.hedge.id, token: context.getToken().toString() };
  }

  @OnBroadcast('who')
  who() {
    return this.hedge.id;
  }

  /** Reads without end, and notes what it read and that it ended. */
  @OnLeaderStream('read')
  async *read(@Payload() input: HedgeStream<number>) {
    try {
      for await (const number of input) yield number;
    } finally {
      records.note({ type: 'handler-ended', at: machineTime() });
    }
  }

  /** Takes its time, and stops when its signal says so. */
  @OnLeaderMessage('slow')
  async slow(@Payload() ms: number, @Ctx() context: HedgeContext) {
    records.note({ type: 'handler-began', at: machineTime() });
    const signal = context.getSignal();
    const noteAbort = () => records.note({ type: 'handler-aborted', at: machineTime() });
    signal.addEventListener('abort', noteAbort);
    await delay(ms, undefined, { signal });
    signal.removeEventListener('abort', noteAbort);
    records.note({ type: 'handler-ended', at: machineTime() });
    return 'done';
  }

  /** Takes its time, whatever its signal says. */
  @OnLeaderMessage('stubborn')
  async stubborn(@Payload() ms: number, @Ctx() context: HedgeContext) {
    records.note({ type: 'handler-began', at: machineTime() });
    context
      .getSignal()
      .addEventListener('abort', () =>
        records.note({ type: 'handler-aborted', at: machineTime() }),
      );
    await delay(ms);
    return 'done';
  }
}

@Module({ imports: [HedgeModule.forRoot(settings.hedge)], providers: [Handlers] })
class AppModule {}

/** Stops with the app: what still keeps the process alive after that is a defect of the library. */
const closing = new AbortController();
let load = new AbortController();
const permits: Permit[] = [];

function look(hedge: HedgeService): void {
  const before = machineTime();
  const isLeader = hedge.isLeader();
  const after = machineTime();
  if (!isLeader) return;
  // Without I/O between the two, the newest leadership is the one that was just said to last.
  const token = hedge.leadership?.token;
  if (token !== undefined) records.led(token, before, after);
}

function lookAtPermits(): number {
  const at = machineTime();
  const held = permits.filter((permit) => permit.isHeld()).length;
  if (held > 0) records.note({ type: 'permits', at, held });
  return held;
}

function keepLooking(hedge: HedgeService, interval: number): void {
  let lookedAt = machineTime();
  const timer = setInterval(() => {
    const at = machineTime();
    // Before anything else runs in the first turn after a pause, and once more when the turn ends.
    if (Number(at - lookedAt) > 500e6) {
      setImmediate(() => records.note({ type: 'stood-still', at, firstTurnAt: machineTime() }));
    }
    lookedAt = at;
    look(hedge);
    lookAtPermits();
  }, interval);
  closing.signal.addEventListener('abort', () => clearInterval(timer));
}

function follow(hedge: HedgeService): void {
  hedge.events$.subscribe((event) => {
    if (event.type === 'leadership.gained') {
      const { token, signal } = event.leadership;
      records.note({ type: 'gained', at: machineTime(), token });
      signal.addEventListener('abort', () => {
        look(hedge);
        records.note({ type: 'aborted', at: machineTime(), token });
      });
      look(hedge);
    } else if (event.type === 'members.changed') {
      noteMembers(hedge);
    } else if (event.type === 'leadership.lost') {
      look(hedge);
      const { token, reason } = event;
      records.note({ type: 'lost', at: machineTime(), token, reason });
    }
  });
}

function noteMembers(hedge: HedgeService): void {
  const ids = hedge.members().map(({ id }) => id);
  records.note({ type: 'members', at: machineTime(), ids });
}

async function putOn(hedge: HedgeService, key: string, options: LoadOptions, signal: AbortSignal) {
  for (let count = 0; !signal.aborted && !closing.signal.aborted; count++) {
    const value = `${key}:${count}`;
    const begunAt = machineTime();
    try {
      const { id, timestamp } = await hedge.put(key, value, { timeout: options.timeout });
      const at = machineTime();
      const ns = parseTimestamp(timestamp) ?? 0n;
      records.note({ type: 'ack', at, key, value, id, begunAt, timestamp: ns });
    } catch (error) {
      const code = codeOf(error);
      records.note({ type: 'failed-put', at: machineTime(), key, value, code });
      if (code === 'NOT_RUNNING') return;
    }
    look(hedge);
    await delay(options.pause, undefined, { ref: false });
  }
}

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
  startLoad: (hedge, options: LoadOptions) => {
    load = new AbortController();
    for (let worker = 0; worker < options.workers; worker++) {
      void putOn(hedge, `${options.prefix}-${worker}`, options, load.signal);
    }
  },
  stopLoad: () => load.abort(),
  takePermits: async (hedge, limit: number, count: number) => {
    for (let taken = 0; taken < count; taken++) {
      permits.push(await hedge.semaphore('s', limit).acquire());
    }
  },
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

  answerCommands(async (method, args) => {
    if (method !== 'close') return commands[method](hedge, ...(args as never[]));
    closing.abort();
    await app.close();
  });

  await app.listen(0, '127.0.0.1');
  noteMembers(hedge);
  process.send?.({ address: hedge.id });
  const { lock } = settings;
  if (lock) void keepTaking(app.get(LockService), lock, settings.records, closing.signal);
}

await main();
