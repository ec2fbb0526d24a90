import type { ChildProcess } from 'node:child_process';
import type { ContestOptions } from '../member-app/member.contest.js';
import type { LoadOptions } from '../member-app/member.load.js';
import type { MemberStatus } from '../member-app/member.main.js';
import { RecordReader } from '../records/record.reader.js';
import { machineTime } from '../time/machine.time.js';
import { until } from '../time/until.js';

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

/** One member process. */
export class MemberProcess {
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
