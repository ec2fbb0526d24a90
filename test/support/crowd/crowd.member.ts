import type { INestApplicationContext } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { HedgeEvent, HedgeService, HedgeStore } from '../../../src/index.js';
import { machineTime } from '../time/machine.time.js';

/** How one member sees the group. Times are machine times, in decimal. */
export interface View {
  readonly id: string;
  readonly isLeader: boolean;
  /** The leader it knows, and since when. */
  readonly leader: string | undefined;
  readonly leaderSince: string;
  readonly size: number;
  /** Of the ids it lists: see {@link digestOf}. */
  readonly digest: string;
  readonly changedAt: string;
  /** How many have left its list so far. */
  readonly left: number;
  /** How many of those were on it again later. */
  readonly returned: number;
}

export function digestOf(ids: readonly string[]): string {
  return createHash('sha1').update(ids.toSorted().join()).digest('hex');
}

/** An app that is a member, and what its events told. */
export class CrowdMember {
  #changedAt = machineTime();
  #leaderSince = machineTime();
  #leader: string | undefined;
  readonly #left = new Set<string>();
  #returned = 0;

  constructor(
    private readonly app: INestApplicationContext,
    private readonly hedge: HedgeService,
    private readonly store: HedgeStore,
  ) {
    hedge.events$.subscribe((event) => this.#note(event));
  }

  get view(): View {
    const ids = this.hedge.members().map(({ id }) => id);
    return {
      id: this.hedge.id,
      isLeader: this.hedge.isLeader(),
      leader: this.#leader,
      leaderSince: `${this.#leaderSince}`,
      size: ids.length,
      digest: digestOf(ids),
      changedAt: `${this.#changedAt}`,
      left: this.#left.size,
      returned: this.#returned,
    };
  }

  get isLeader(): boolean {
    return this.hedge.isLeader();
  }

  stepDown(): Promise<void> {
    return this.hedge.stepDown();
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.store.close();
  }

  #note(event: HedgeEvent): void {
    const at = machineTime();
    if (event.type === 'leader.changed') {
      this.#leader = event.leader;
      this.#leaderSince = at;
    } else if (event.type === 'members.changed') {
      this.#changedAt = at;
      for (const { id } of event.joined) if (this.#left.has(id)) this.#returned++;
      for (const { id } of event.left) this.#left.add(id);
    }
  }
}
