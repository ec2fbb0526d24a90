import { NOT_THE_LEADER } from './leader.messages.js';
import { HedgeError } from '../errors/index.js';
import type { Member } from '../membership/index.js';
import type { Election } from './election.js';
import type { GroupMembers } from './group.members.js';
import type { LeaderView } from './leader.view.js';

export interface LeaderCheckParts {
  readonly election: Election;
  readonly view: LeaderView;
  readonly members: GroupMembers;
  /** The id of this member. */
  readonly id: () => string;
  /** Why this member takes no part in its group: it has not started yet, or has shut down. */
  readonly notRunning: () => HedgeError | undefined;
}

/** Whether this member leads; if not, where and when to ask instead. For guards and decorators: always, without I/O. */
export class LeaderCheck {
  constructor(private readonly parts: LeaderCheckParts) {}

  /** The id of this member. */
  get self(): string {
    return this.parts.id();
  }

  isLeader(): boolean {
    return this.parts.election.term !== undefined;
  }

  /** The other member that leads, if it is known and not known to be gone. */
  get leader(): Member | undefined {
    const { members, notRunning } = this.parts;
    if (notRunning()) return undefined;
    const { leader } = members;
    return leader?.isSelf ? undefined : leader;
  }

  /**
   * Seconds after which a client should ask again. A leader that fell silent still has its lease. A leader that said
   * goodbye, and this member itself after its term, give the lock back soon, or have lost it.
   * @param leader as {@link leader} gave it
   */
  retryAfter(leader: Member | undefined): number {
    const { notRunning, view } = this.parts;
    if (leader || !view.isSilent || notRunning()) return 1;
    return Math.max(1, Math.ceil(view.remaining() / 1_000));
  }

  /** Why this member does not do what only the leader does: `NOT_RUNNING` or `NOT_LEADER`. */
  refusal(leader: Member | undefined): HedgeError {
    const text = NOT_THE_LEADER(this.self, leader?.id);
    return this.parts.notRunning() ?? new HedgeError('NOT_LEADER', text);
  }
}
