import { HedgeError } from '../errors/index.js';
import type { Member } from '../membership/index.js';
import type { Election } from './election.js';
import { NOT_THE_LEADER } from './leader.messages.js';
import type { LeaderView } from './leader.view.js';
import type { MembersView } from './members.view.js';

export interface LeaderStandingPorts {
  /** The id of this member. */
  self(): string;
  /** Why this member has no part in its group: not yet, or not any more. */
  notRunning(): HedgeError | undefined;
}

/** What a guard may ask of this member, at any time and without I/O. */
export class LeaderStanding {
  constructor(
    private readonly election: Election,
    private readonly view: LeaderView,
    private readonly members: MembersView,
    private readonly ports: LeaderStandingPorts,
  ) {}

  /** The id of this member. */
  get self(): string {
    return this.ports.self();
  }

  isLeader(): boolean {
    return this.election.term !== undefined;
  }

  /** The other member that leads, when it is known and not known to be gone. */
  get leader(): Member | undefined {
    if (this.ports.notRunning()) return undefined;
    const { leader } = this.members;
    return leader?.isSelf ? undefined : leader;
  }

  /**
   * Seconds after which it makes sense to ask again. A leader that fell silent has its lease still; one that said goodbye,
   * or whose term was this member's own, gives the lock back, or has lost it.
   * @param leader as {@link leader} gave it
   */
  retryAfter(leader: Member | undefined): number {
    if (leader || !this.view.isSilent || this.ports.notRunning()) return 1;
    return Math.max(1, Math.ceil(this.view.remaining() / 1_000));
  }

  /** Why what needs the leader is not done here: `NOT_RUNNING` or `NOT_LEADER`. */
  refusal(leader: Member | undefined): HedgeError {
    const text = NOT_THE_LEADER(this.ports.self(), leader?.id);
    return this.ports.notRunning() ?? new HedgeError('NOT_LEADER', text);
  }
}
