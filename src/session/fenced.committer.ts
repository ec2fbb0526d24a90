import type { HedgeStore, Mutation, StoreCall } from '../store/index.js';
import type { Clock } from './clock.js';
import type { Fence } from './fence.js';
import type { Session } from './session.js';
import type { SessionKeeper } from './session.keeper.js';

/** Writes nothing new: it is there to fail with NOT_FOUND once the fence is gone. */
export function fenceStands(session: Session, fence: Fence): Mutation {
  return { table: 'lock', op: 'update', name: fence.row, writer: session.id };
}

/** Blind commits that succeed only while a session, and where given a fence of it, stand in the store. */
export class FencedCommitter {
  constructor(
    private readonly keeper: SessionKeeper,
    private readonly store: HedgeStore,
    private readonly clock: Clock,
  ) {}

  /**
   * One attempt. On success the session is renewed: the deadline counts from before this attempt left.
   * @returns the commit timestamp in ns
   */
  async commitOnce(
    session: Session,
    mutations: readonly Mutation[],
    call: StoreCall,
    fence?: Fence,
  ): Promise<bigint> {
    const sentAt = this.clock.now();
    const guards = session.heartbeat();
    // The fence first: a release that is replayed must fail on it before it touches a successor's rows.
    if (fence) guards.unshift(fenceStands(session, fence));
    const timestamp = await this.store.commit([...guards, ...mutations], call);
    this.keeper.renewed(session, sentAt);
    return timestamp;
  }
}
