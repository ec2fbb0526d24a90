import type { HedgeMember } from './member.js';
import { groupLock } from '../lock/index.js';

/** How a member stands in its group, by what it knows without I/O. */
export interface MemberStanding {
  /** `host:port`; undefined until it listens. */
  readonly id: string | undefined;
  readonly isLeader: boolean;
  /** The id of the leader, where one is known. */
  readonly leader: string | undefined;
  /**
   * ms until the leader's lease ends unless it is renewed: of this member's own where it leads, otherwise as far as it was
   * told.
   */
  readonly leaderLease: number | undefined;
  /** ms until this member loses all that it holds unless it is renewed; undefined while it holds nothing. */
  readonly ownLease: number | undefined;
  /** How many are in the group, this member included. */
  readonly members: number;
}

/** What health checks and telemetry may ask of a member, at any time of its life. */
export class MemberHealth {
  constructor(private readonly member: HedgeMember) {}

  /** What tells this member from others in its process, and from those before it under its address. */
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

  /** Why it takes no part in its group: not yet, or not any more. */
  get notRunning(): Error | undefined {
    return this.member.state.notRunning;
  }

  /** It gives back what it holds, and goes. */
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
   * One strong read of one row.
   * @param timeout ms
   * @throws StoreError where it does not answer in time, or refuses
   */
  async askStore(timeout: number): Promise<void> {
    const { options, store } = this.member;
    await store.rows({ names: [groupLock(options.group).row] }, { timeout });
  }
}

/** A lease that is over has no length. */
function lengthOf(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}
