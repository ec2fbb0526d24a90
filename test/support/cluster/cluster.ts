import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HedgeModuleOptions } from '../../../src/index.js';
import { machineTime, RecordReader } from '../member-app/member.records.js';
import type { MemberStatus } from '../member-app/member.main.js';
import type { ContestOptions } from '../member-app/member.contest.js';
import type { LoadOptions } from '../member-app/member.load.js';
import type { MemberSettings } from '../member-app/member.settings.js';

const MEMBER = join(import.meta.dirname, '../../../build/test/support/member-app/member.main.js');

/** What one member process answered with, as an error. */
export class MemberError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** machine time */
  readonly at: bigint;
}

/** Asks again and again until the answer is one, and says what it waited for when the time is over. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeout = 15_000,
): Promise<T> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`Not within ${timeout} ms: ${what}`);
    await delay(5);
  }
}

/** One member process. */
export class Member {
  readonly records: RecordReader;
  readonly exited: Promise<Exit>;
  /** What it printed, line by line. */
  readonly output: string[] = [];
  /** The process was told to end, or its end is none of the test's business. */
  mayEnd = false;
  #id = '';
  #state: 'starting' | 'ready' | 'exited' = 'starting';
  #isStopped = false;
  #calls = 0;
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();

  constructor(
    readonly name: string,
    private readonly process: ChildProcess,
    folder: string,
  ) {
    this.records = new RecordReader(folder);
    for (const stream of [process.stdout, process.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        this.output.push(...lines);
      });
    }
    process.on('message', (message: object) => this.#receive(message));
    this.exited = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        this.#state = 'exited';
        resolve({ code, signal, at: machineTime() });
        // Its last answers may still be on their way.
        if (process.connected) process.once('disconnect', () => this.#rejectPending());
        else this.#rejectPending();
      });
    });
  }

  /** `host:port` */
  get id(): string {
    return this.#id;
  }

  get pid(): number {
    return this.process.pid!;
  }

  get isRunning(): boolean {
    return this.#state !== 'exited';
  }

  /** The app listens. */
  async ready(): Promise<this> {
    const what = `${this.name} is ready`;
    const look = () => {
      if (!this.isRunning) throw new Error(`${this.name} ended:\n${this.output.join('\n')}`);
      return this.#state === 'ready';
    };
    await until(what, look, 30_000);
    return this;
  }

  /** @returns machine time right before the signal left */
  signal(signal: NodeJS.Signals): bigint {
    if (signal === 'SIGSTOP') this.#isStopped = true;
    else if (signal === 'SIGCONT') this.#isStopped = false;
    else this.mayEnd = true;
    const at = machineTime();
    process.kill(this.pid, signal);
    return at;
  }

  call<T = unknown>(method: string, ...args: unknown[]): Promise<T> {
    if (!this.isRunning) return Promise.reject(new MemberError('EXITED', this.name));
    const id = (this.#calls += 1);
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: (value) => resolve(value as T), reject });
      this.process.send({ id, method, args });
    });
  }

  /** Answered at once, or not at all by a process that is stopped or gone. */
  async status(): Promise<MemberStatus | undefined> {
    if (this.#isStopped || this.#state !== 'ready') return undefined;
    try {
      return await this.call<MemberStatus>('status');
    } catch {
      return undefined;
    }
  }

  /**
   * Stops the process until SIGCONT, between two of its statements. A SIGSTOP from outside may hit it while it holds the
   * lock of an SQLite file, and then nobody can write to that until it goes on.
   */
  pauseItself(): void {
    this.#isStopped = true;
    this.call('pause').catch(() => undefined);
  }

  startLoad(options: LoadOptions): Promise<void> {
    return this.call('startLoad', options);
  }

  contend(options: ContestOptions): Promise<void> {
    return this.call('contend', options);
  }

  /** Closes the app without a signal: the process has to end by itself. */
  async close(): Promise<void> {
    this.mayEnd = true;
    await this.call('close');
  }

  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.signal('SIGKILL');
    await this.exited;
  }

  #rejectPending(): void {
    for (const { reject } of this.#pending.values()) reject(new MemberError('EXITED', this.name));
    this.#pending.clear();
  }

  #receive(message: object): void {
    if ('address' in message) {
      this.#id = message.address as string;
      this.#state = 'ready';
      return;
    }
    const { id, result, error } = message as {
      id: number;
      result?: unknown;
      error?: { code: string; message: string };
    };
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) call?.reject(new MemberError(error.code, error.message));
    else call?.resolve(result);
  }
}

export interface ClusterOptions {
  readonly hedge: HedgeModuleOptions;
  readonly env?: NodeJS.ProcessEnv;
}

/** Member processes of one group, and everything they noted. */
export class Cluster implements AsyncDisposable {
  /** All that were ever started. */
  readonly members: Member[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'hedge-members-'));

  constructor(private readonly options: ClusterOptions) {}

  get running(): Member[] {
    return this.members.filter((member) => member.isRunning);
  }

  /**
   * Starts a process; see {@link Member.ready}.
   * @param where the network namespace it lives in, if it is another one
   * @param env what its environment has besides
   */
  spawn(settings: Partial<MemberSettings> = {}, where?: string, env?: NodeJS.ProcessEnv): Member {
    const name = `member-${this.members.length}`;
    const records = join(this.#folder, name);
    mkdirSync(records);
    const all: MemberSettings = {
      records,
      ...settings,
      hedge: { address: '127.0.0.1:0', ...this.options.hedge, ...settings.hedge },
    };
    const command = [...(where ? ['ip', 'netns', 'exec', where] : []), process.execPath, MEMBER];
    const child = spawn(command[0], [...command.slice(1), JSON.stringify(all)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NO_COLOR: '1', NODE_ENV: 'test', ...this.options.env, ...env },
    });
    const member = new Member(name, child, records);
    this.members.push(member);
    return member;
  }

  async start(count: number, settings: Partial<MemberSettings> = {}): Promise<Member[]> {
    const members = Array.from({ length: count }, () => this.spawn(settings));
    return Promise.all(members.map((member) => member.ready()));
  }

  /** The running member that leads by its own word, with a token above `after`. */
  leader(after = -1n, timeout = 15_000): Promise<{ member: Member; token: bigint }> {
    return until(
      'a member leads',
      async () => {
        for (const member of this.running) {
          const status = await member.status();
          if (!status?.isLeader || status.token === undefined) continue;
          const token = BigInt(status.token);
          if (token > after) return { member, token };
        }
        return undefined;
      },
      timeout,
    );
  }

  /** Every member that runs knows who leads, and it is the same for all. */
  async agreed(): Promise<{ leader: Member; followers: Member[]; token: bigint }> {
    return until('all agree on the leader', async () => {
      const all = this.running;
      const states = await Promise.all(all.map((member) => member.status()));
      const leading = states.findIndex((state) => state?.isLeader);
      const { id, token } = states[leading] ?? {};
      if (token === undefined || !states.every((state) => state?.leader === id)) return undefined;
      const followers = all.filter((_member, index) => index !== leading);
      return { leader: all[leading], followers, token: BigInt(token) };
    });
  }

  /**
   * Kills what is left.
   * @throws Error when a member ended that nobody told to
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const gone = this.members.filter((member) => !member.isRunning && !member.mayEnd);
    await Promise.all(this.running.map((member) => member.kill()));
    for (const { records } of this.members) records.close();
    rmSync(this.#folder, { recursive: true, force: true });
    if (gone.length > 0) {
      const stories = gone.map(({ name, output }) => `${name}:\n${output.slice(-30).join('\n')}`);
      throw new Error(`Members ended by themselves.\n${stories.join('\n')}`);
    }
  }
}
