import { groupLock } from '../../../src/lock/index.js';
import { sessionPrefix } from '../../../src/table/index.js';
import { GROUP, LEASE, LONGEST_USE } from '../settings.js';
import type { SimulatedMember } from '../cluster/simulated.member.js';
import type { SimulatedWorld } from '../simulated.world.js';
import { violated } from './violation.js';

/** Members leave in time, and leave nothing behind: no timer, and no row that is theirs to delete. */
export class DepartureCheck {
  constructor(private readonly world: SimulatedWorld) {}

  /** In half of the schedules one after the other. */
  async leaveAll(): Promise<void> {
    const { schedule, cluster } = this.world;
    const { members } = cluster;
    await schedule.advanceUntil(
      () => members.every(({ lockUsers }) => lockUsers === 0),
      LONGEST_USE + 5 * LEASE,
      () => violated(7, 'locks are still being acquired'),
    );
    const oneByOne = schedule.random.chance(0.5);
    for (const member of members) {
      schedule.note(() => `${member.id} leaves`);
      void member.leave();
      if (oneByOne) await this.#mustStop([member]);
    }
    await this.#mustStop(members);
    const left = this.#rows().filter((row) => this.#mustBeGone(row));
    if (left.length > 0) violated(7, `rows are left: ${left.join(', ')}`);
  }

  timers(): void {
    for (const { id, clock } of this.world.cluster.members) {
      if (clock.armed > 0) violated(7, `${id} has left, and ${clock.armed} timers of it run on`);
    }
  }

  /** One more member leads for a while, and deletes the rows of members that could not. */
  async sweep(): Promise<void> {
    const { schedule, cluster } = this.world;
    const member = cluster.start('janitor:1');
    await schedule.advance(4 * LEASE);
    void member.leave();
    await this.#mustStop([member]);
    const left = this.#rows();
    if (left.length > 0) violated(7, `rows are not swept: ${left.join(', ')}`);
  }

  #mustStop(members: readonly SimulatedMember[]): Promise<void> {
    return this.world.schedule.advanceUntil(
      () => members.every(({ hasStopped }) => hasStopped),
      2 * LEASE,
      () => violated(7, `${members.map(({ id }) => id).join(', ')} do not leave`),
    );
  }

  /** All but the group's own, which stays. */
  #rows(): string[] {
    return [...this.world.store.rows.keys()].filter((name) => name !== groupLock(GROUP).row);
  }

  /** A member that holds nothing leaves no row. What a crash, or a network that failed, leaves is stale by its age. */
  #mustBeGone(row: string): boolean {
    const { schedule, store, weather, cluster } = this.world;
    const { members, crashed } = cluster;
    const isLost = [...members, ...crashed].some(
      ({ sessionEnds }) => sessionEnds.has('expired') || sessionEnds.has('session-gone'),
    );
    if (crashed.length === 0 && !isLost && weather.isMild) return true;
    const isSession = row.startsWith(sessionPrefix(GROUP));
    const sinceClear = schedule.time.now - weather.clearsAt;
    return isSession && store.age(row) < sinceClear - LEASE;
  }
}
