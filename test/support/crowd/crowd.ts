import { fork } from 'node:child_process';
import { join } from 'node:path';
import { MemberProcess } from '../cluster/member.process.js';
import { until } from '../time/until.js';
import { digestOf, type View } from './crowd.member.js';
import type { CrowdSettings, Usage } from './crowd.process.js';
import { msBetween } from '../time/machine.time.js';
import { freshFile, removeFile } from '../stores/database.file.js';

/** Where the compiled processes are: right here, when this was compiled too. */
const COMPILED = import.meta.filename.endsWith('.ts')
  ? join(import.meta.dirname, '../../../build/test/support/crowd')
  : import.meta.dirname;

/** A large group on one SQLite file: a few processes with many members each. */
export class Crowd implements AsyncDisposable {
  readonly processes: MemberProcess[] = [];

  private constructor(
    private readonly file: string,
    private readonly leaseDuration: number,
  ) {}

  static async open(leaseDuration = 10_000): Promise<Crowd> {
    return new Crowd(await freshFile(), leaseDuration);
  }

  get running(): MemberProcess[] {
    return this.processes.filter(({ isRunning }) => isRunning);
  }

  /** A process for each of the counts, all at once. */
  async start(...counts: number[]): Promise<MemberProcess[]> {
    const { file, leaseDuration } = this;
    const started = counts.map((count) => {
      const settings: CrowdSettings = { file, leaseDuration, count };
      const child = fork(join(COMPILED, 'crowd.process.js'), [JSON.stringify(settings)], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        execArgv: ['--expose-gc'],
        env: { ...process.env, NO_COLOR: '1', NODE_ENV: 'test' },
      });
      return new MemberProcess(`crowd-${this.processes.length}`, child, '');
    });
    this.processes.push(...started);
    return Promise.all(started.map((process) => process.ready()));
  }

  async views(processes = this.running): Promise<View[]> {
    return (await Promise.all(processes.map((process) => process.call<View[]>('views')))).flat();
  }

  async usage(processes = this.running): Promise<Usage[]> {
    return Promise.all(processes.map((process) => process.call<Usage>('usage')));
  }

  /** Bytes of the JavaScript heap that their members hold, after a garbage collection. */
  async heap(processes = this.running): Promise<number> {
    const heaps = await Promise.all(processes.map((process) => process.call<number>('heap')));
    return heaps.reduce((sum, heap) => sum + heap, 0);
  }

  /** The process that the leader is in. */
  leading(): Promise<MemberProcess> {
    return until('a member leads', async () => {
      for (const process of this.running) {
        if ((await this.views([process])).some(({ isLeader }) => isLeader)) return process;
      }
      return undefined;
    });
  }

  /**
   * Waits until the members of these processes list just each other.
   * @returns ms from `since` until the last of them did
   */
  async agreed(since: bigint, processes = this.running, timeout = 30_000): Promise<number> {
    let views: View[] = [];
    try {
      await until(
        'all list each other',
        async () => {
          views = await this.views(processes);
          const all = digestOf(views.map(({ id }) => id));
          return views.every(({ digest }) => digest === all);
        },
        timeout,
      );
    } catch (error) {
      const sizes = views.map(({ size }) => size).join();
      throw new Error(`${(error as Error).message}, but ${sizes}`, { cause: error });
    }
    return latest(
      since,
      views.map(({ changedAt }) => changedAt),
    );
  }

  /** @returns ms from `since` until the last of them knew the leader that they all know now */
  async followed(since: bigint, processes = this.running, timeout = 30_000): Promise<number> {
    const views = await until(
      'all know one leader, which is new',
      async () => {
        const all = await this.views(processes);
        const leader = all.find(({ isLeader }) => isLeader);
        const knows = (view: View) =>
          view.leader === leader?.id && BigInt(view.leaderSince) > since;
        return leader && all.every(knows) && all;
      },
      timeout,
    );
    return latest(
      since,
      views.map(({ leaderSince }) => leaderSince),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.running.map((process) => process.kill()));
    await removeFile(this.file);
  }
}

function latest(since: bigint, times: readonly string[]): number {
  return Math.max(0, ...times.map((at) => msBetween(since, BigInt(at))));
}
