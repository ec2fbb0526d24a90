import {
  Membership,
  type LeaderTracker,
  type MembershipParts,
  type SelfDescription,
} from '../membership/index.js';
import { remainingForOthers } from '../session/index.js';
import type { Election } from './election.js';
import type { LeaderView } from './leader.view.js';

export interface LeaderHeartbeatsParts extends Omit<MembershipParts, 'tracker'> {
  readonly election: Election;
  readonly view: LeaderView;
}

/** Has the leader keep the member list, and learns from heartbeats which member leads, and for how long. */
export class LeaderHeartbeats implements LeaderTracker {
  readonly membership: Membership;

  constructor(private readonly parts: LeaderHeartbeatsParts) {
    this.membership = new Membership({ ...parts, tracker: this });
    const { election, identity, view } = parts;
    view.changes.subscribe((leader) => {
      // The last leader keeps the list until another member leads: a group has members even without a leader.
      if (!leader) return;
      if (leader.id !== identity.id) this.membership.follow(leader.id);
      else if (election.term) this.membership.lead(leader.token);
    });
  }

  describeSelf(): SelfDescription {
    const { election, identity, options, view } = this.parts;
    const { term } = election;
    if (term) {
      const remaining = remainingForOthers(options.leaseDuration, term.session.remaining());
      return { leads: true, leader: identity.id, token: `${term.token}`, remaining };
    }
    const { current } = view;
    return current
      ? { leads: false, leader: current.id, token: `${current.token}` }
      : { leads: false };
  }

  heard(from: string, { leads, leader, token, remaining }: SelfDescription): void {
    const { election, view } = this.parts;
    if (token !== undefined) election.superseded(BigInt(token));
    if (leads && leader !== undefined && token !== undefined && remaining !== undefined) {
      view.observe({ id: leader, token: BigInt(token) }, remaining);
    } else if (from === view.current?.id) {
      // It leads no more, or another member has its address.
      election.lookNow();
    }
  }

  lost(): void {
    this.parts.election.lookNow();
  }
}
