import type { Member, MemberInfo, MemberList } from '../membership/index.js';
import type { MemberIdentity } from '../messaging/index.js';
import type { Election } from './election.js';
import type { LeaderView } from './leader.view.js';

/** The members of the group as apps see them, with the one that leads marked. */
export class GroupMembers {
  constructor(
    private readonly identity: MemberIdentity,
    private readonly list: MemberList,
    private readonly election: Election,
    private readonly view: LeaderView,
  ) {}

  /** The oldest first. */
  get all(): Member[] {
    return this.list.all.map((info) => this.show(info));
  }

  /** The member that leads, if it is known and on the list. */
  get leader(): Member | undefined {
    return this.all.find(({ isLeader }) => isLeader);
  }

  show({ id, joinedAt, metadata }: MemberInfo): Member {
    const isSelf = id === this.identity.id;
    // Only of itself a member knows for certain whether it leads.
    const isLeader = isSelf ? this.election.term !== undefined : id === this.view.current?.id;
    return { id, isLeader, isSelf, joinedAt: new Date(joinedAt), metadata };
  }
}
