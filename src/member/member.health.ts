import { groupLock } from '../lock/index.js';
import type { HedgeMember } from './hedge.member.js';

/** How a member stands in its group, as far as it knows without I/O. */
export interface MemberStanding {
  /** `host:port`; undefined until it listens. */
  readonly id: string | undefined;
  readonly isLeader: boolean;
  /** The id of the leader; undefined when none is known. */
  readonly leader: string | undefined;
  /**
   * ms until the leader's lease ends unless it is renewed. On the leader: of its own lease. On another member: as far
   * as it was told.
   */
  readonly leaderLease: number | undefined;
  /** ms until this member's lease ends unless it is renewed; undefined while the member holds nothing. */
  readonly ownLease: number | undefined;
  /** How many members the group has, this one included. */
  readonly members: number;
}

/** What health checks and telemetry may ask a member, at any time of its life. */
export class MemberHealth {
  constructor(private readonly member: HedgeMember) {}

  /** Tells this member from others in its process, and from earlier members at its address. */
  get instanceId(): string {
    return this.member.identity.instanceId;
  }

  /** `host:port`; empty until it listens. */
  get id(): string {
    return this.member.identity.id;
  }

  get group(): string {
    return this.member.options.group;
  }

  /** Why it takes no part in its group: it has not started yet, or has shut down. */
  get notRunning(): Error | undefined {
    return this.member.state.notRunning;
  }

  /** Whether it shuts down. */
  get isLeaving(): boolean {
    return this.member.state.isLeaving;
  }

  get standing(): MemberStanding {
    const { identity, leader, session } = this.member;
    const { term } = leader.election;
    const current = session.keeper.current;
    const ownLease = current && !current.isIdle ? lengthOf(current.remaining()) : undefined;
    const known = term ? undefined : leader.view.current;
    return {
      id: identity.id || undefined,
      isLeader: term !== undefined,
      leader: term ? identity.id : known?.id,
      leaderLease: term ? ownLease : known && lengthOf(leader.view.remaining()),
      ownLease,
      members: leader.members.all.length,
    };
  }

  /**
   * Makes one strong read of one row.
   * @param timeout ms
   * @throws StoreError when the store does not answer in time, or refuses
   */
  async askStore(timeout: number): Promise<void> {
    const { options, store } = this.member;
    await store.rows({ names: [groupLock(options.group).row] }, { timeout });
  }
}

/** A lease that never ends has no length. */
function lengthOf(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}
