import { Subscription } from 'rxjs';
import type { ListChange, MemberInfo } from '../../../src/membership/index.js';
import type { SimulatedMember } from '../cluster/simulated.member.js';
import type { SimulatedWorld } from '../simulated.world.js';
import { violated } from './violation.js';

/** ms in which all lists agree once the weather is clear: members notice silence after 4 to 4.5 s, twice at most. */
const LONGEST_BLINDNESS = 10_000;

/** Once no member comes or goes any more, all see just those that are there (LEADER-KEEPS-LIST). */
export class MemberListCheck {
  constructor(private readonly world: SimulatedWorld) {}

  /** All lists come to agree, and in some schedules they still agree later. */
  async agree(): Promise<void> {
    await this.#comeToAgree();
    // A message that was lost before it cleared up may still make a member look silent, once.
    if (this.#goesOn)
      await this.world.schedule.advance(LONGEST_BLINDNESS).then(() => this.#comeToAgree());
  }

  /** Long after all see what is there: whatever still changes is wrong. */
  watch(): Subscription {
    const watch = new Subscription();
    if (!this.#goesOn) return watch;
    for (const { instanceId, listChanges } of this.world.cluster.members) {
      const wrong = ({ joined, left }: ListChange) =>
        violated(7, `${instanceId} sees ${idsOf(joined)} join and ${idsOf(left)} leave`);
      watch.add(listChanges.subscribe((change) => this.world.schedule.guard(() => wrong(change))));
    }
    return watch;
  }

  get #goesOn(): boolean {
    return this.world.schedule.seed % 4 === 0;
  }

  async #comeToAgree(): Promise<void> {
    const { members } = this.world.cluster;
    const there = members.map(({ instanceId }) => instanceId).toSorted();
    const sees = (member: SimulatedMember) => member.seen.toSorted().join() === there.join();
    await this.world.schedule.advanceUntil(
      () => members.every(sees),
      LONGEST_BLINDNESS,
      () => {
        const blind = members.find((member) => !sees(member));
        violated(
          7,
          `${blind?.instanceId} sees ${blind?.seen.join()}, and there are ${there.join()}`,
        );
      },
    );
  }
}

function idsOf(members: readonly MemberInfo[]): string {
  return members.map(({ instanceId }) => instanceId).join() || 'nobody';
}
