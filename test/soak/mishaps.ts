import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../support/cluster/cluster.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { machineTime } from '../support/time/machine.time.js';

/** What befell one member. */
export interface Mishap {
  readonly kind: 'kill' | 'stop';
  readonly member: string;
  readonly wasLeader: boolean;
  /** Machine time. */
  readonly at: bigint;
  /** When it went on again, or when another process had taken its place. */
  readonly until: bigint;
}

export interface MishapOptions {
  readonly leaseDuration: number;
  /** A SIGSTOP from outside may hit a process while it holds the lock of an SQLite file. */
  readonly stopsThemselves: boolean;
  /** Whoever holds something just now. */
  holder(): MemberProcess | undefined;
  /** Starts the member that replaces a killed one, with the same work. */
  replace(killed: MemberProcess): Promise<void>;
}

/** Lets members of a cluster be killed and stopped: in turn the one that leads, one that holds something, and any. */
export class MishapSeries {
  readonly all: Mishap[] = [];

  constructor(
    private readonly cluster: Cluster,
    private readonly options: MishapOptions,
  ) {}

  async goOnFor(ms: number): Promise<void> {
    const end = performance.now() + ms;
    for (let count = 0; performance.now() < end; count++) {
      await delay(500 + 2_500 * Math.random());
      const { leader, followers } = await this.cluster.agreed();
      const any = followers[count % followers.length];
      const member = [leader, this.options.holder() ?? any, any][count % 3];
      await this.#befall(member, member === leader);
    }
  }

  /** One, of whoever leads now. */
  async befallLeader(): Promise<void> {
    const { leader } = await this.cluster.agreed();
    await this.#befall(leader, true);
  }

  async #befall(member: MemberProcess, wasLeader: boolean): Promise<void> {
    const kind = Math.random() < 0.5 ? 'kill' : 'stop';
    const at = machineTime();
    if (kind === 'kill') await this.#kill(member);
    else await this.#stop(member);
    this.all.push({ kind, member: member.name, wasLeader, at, until: machineTime() });
  }

  async #kill(member: MemberProcess): Promise<void> {
    await member.kill();
    await this.options.replace(member);
  }

  async #stop(member: MemberProcess): Promise<void> {
    const { leaseDuration, stopsThemselves } = this.options;
    if (stopsThemselves) member.pauseItself();
    else member.signal('SIGSTOP');
    await delay(leaseDuration * (0.2 + 1.8 * Math.random()));
    member.signal('SIGCONT');
  }
}
