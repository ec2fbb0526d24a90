import type { Logger } from '@nestjs/common';
import { Membership, type MembershipOptions, type SelfDescription } from '../membership/index.js';
import type { MemberIdentity, MessageServer, Peers } from '../messaging/index.js';
import { remainingForOthers } from '../session/index.js';
import type { Clock } from '../time/index.js';
import type { Election } from './election.js';
import type { LeaderView } from './leader.view.js';

/** Has the leader keep the member list, and takes from its heartbeats who leads, and for how long that is certain. */
export class LeaderHeartbeats {
  readonly membership: Membership;

  constructor(
    private readonly identity: MemberIdentity,
    server: MessageServer,
    peers: Peers,
    clock: Clock,
    private readonly options: MembershipOptions,
    logger: Logger,
    private readonly election: Election,
    private readonly view: LeaderView,
  ) {
    this.membership = new Membership(identity, server, peers, clock, options, logger, {
      describeSelf: () => this.#describeSelf(),
      heard: (from, about) => this.#heard(from, about),
      lost: () => this.election.lookNow(),
    });
    view.changes.subscribe((leader) => {
      // Whoever led last keeps the list until somebody else leads: a group without a leader has members all the same.
      if (!leader) return;
      if (leader.id !== identity.id) this.membership.follow(leader.id);
      else if (this.election.term) this.membership.lead(leader.token);
    });
  }

  #describeSelf(): SelfDescription {
    const { term } = this.election;
    if (term) {
      const remaining = remainingForOthers(this.options.leaseDuration, term.session.remaining());
      return { leads: true, leader: this.identity.id, token: `${term.token}`, remaining };
    }
    const { current } = this.view;
    return current
      ? { leads: false, leader: current.id, token: `${current.token}` }
      : { leads: false };
  }

  #heard(from: string, { leads, leader, token, remaining }: SelfDescription): void {
    if (token !== undefined) this.election.superseded(BigInt(token));
    if (leads && leader !== undefined && token !== undefined && remaining !== undefined) {
      this.view.observe({ id: leader, token: BigInt(token) }, remaining);
    } else if (from === this.view.current?.id) {
      // It does not lead any more, or somebody else has its address.
      this.election.lookNow();
    }
  }
}
