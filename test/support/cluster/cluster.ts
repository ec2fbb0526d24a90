import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HedgeModuleOptions } from '../../../src/index.js';
import type { MemberSettings } from '../member-app/member.settings.js';
import { until } from '../time/until.js';
import { MemberProcess } from './member.process.js';

const MEMBER = join(import.meta.dirname, '../../../build/test/support/member-app/member.main.js');

export interface ClusterOptions {
  readonly hedge: HedgeModuleOptions;
  readonly env?: NodeJS.ProcessEnv;
}

/** MemberProcess processes of one group, and everything they noted. */
export class Cluster implements AsyncDisposable {
  /** All that were ever started. */
  readonly members: MemberProcess[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'hedge-members-'));

  constructor(private readonly options: ClusterOptions) {}

  get running(): MemberProcess[] {
    return this.members.filter((member) => member.isRunning);
  }

  /**
   * Starts a process; see {@link MemberProcess.ready}.
   * @param where the network namespace it lives in, if it is another one
   * @param env what its environment has besides
   */
  spawn(
    settings: Partial<MemberSettings> = {},
    where?: string,
    env?: NodeJS.ProcessEnv,
  ): MemberProcess {
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
    const member = new MemberProcess(name, child, records);
    this.members.push(member);
    return member;
  }

  async start(count: number, settings: Partial<MemberSettings> = {}): Promise<MemberProcess[]> {
    const members = Array.from({ length: count }, () => this.spawn(settings));
    return Promise.all(members.map((member) => member.ready()));
  }

  /** The running member that leads by its own word, with a token above `after`. */
  leader(after = -1n, timeout = 15_000): Promise<{ member: MemberProcess; token: bigint }> {
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
  async agreed(): Promise<{ leader: MemberProcess; followers: MemberProcess[]; token: bigint }> {
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
