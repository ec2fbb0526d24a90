import { AppHooks } from '../handlers/index.js';
import {
  Election,
  GroupMembers,
  LeaderHeartbeats,
  LeaderView,
  LeadershipHooks,
  TermLifecycle,
} from '../leader/index.js';
import { MEMBERS_CHANGED, type MemberInfo, type Membership } from '../membership/index.js';
import { Sweeper } from '../sweep/index.js';
import type { MemberBase } from './member.base.js';
import { NOTICE_TIMEOUT } from './notice.timeout.js';
import type { SessionParts } from './session.parts.js';

/** The leader of the group, and its members. */
export class LeaderParts {
  readonly view: LeaderView;
  readonly hooks: LeadershipHooks;
  readonly terms: TermLifecycle;
  readonly election: Election;
  readonly membership: Membership;
  readonly members: GroupMembers;
  readonly memberHooks: AppHooks;

  constructor(
    private readonly base: MemberBase,
    session: SessionParts,
  ) {
    const { clock, logger, identity, events, explorer } = base;
    this.view = new LeaderView(clock);
    this.view.changes.subscribe((leader) => {
      events.emit({ type: 'leader.changed', leader: leader?.id });
    });
    this.hooks = new LeadershipHooks(explorer, clock, logger);
    this.terms = this.#makeTerms(session);
    this.election = this.#makeElection(session);
    this.membership = this.#makeMembership();
    this.memberHooks = new AppHooks(explorer, MEMBERS_CHANGED, logger);
    this.members = new GroupMembers(identity, this.membership.list, this.election, this.view);
    this.#followList();
  }

  #makeTerms({ held }: SessionParts): TermLifecycle {
    const { options, store, clock, logger, events, scope } = this.base;
    const { group, leaseDuration, drainTimeout } = options;
    const terms = new TermLifecycle({
      held,
      events,
      hooks: this.hooks,
      scope,
      drainTimeout,
      logger,
      announceRelease: () => this.membership.tell(NOTICE_TIMEOUT),
    });
    terms.register(new Sweeper({ group, leaseDuration, store, clock, logger }));
    return terms;
  }

  #makeElection({ acquirer, releaser }: SessionParts): Election {
    const { options, store, clock, logger, id } = this.base;
    const { group, leaseDuration, candidate } = options;
    const rank = (gone: string) => this.membership.list.rank(gone);
    return new Election({
      options: { group, id, leaseDuration, candidate, rank },
      store,
      acquirer,
      releaser,
      view: this.view,
      clock,
      logger,
      listener: this.terms,
    });
  }

  #makeMembership(): Membership {
    const { identity, server, peers, clock, logger, options } = this.base;
    const { election, view } = this;
    const shared = { identity, server, peers, clock, logger, options };
    return new LeaderHeartbeats({ ...shared, election, view }).membership;
  }

  #followList(): void {
    const { server, peers } = this.base;
    const { list } = this.membership;
    list.silent.subscribe(({ id, instanceId }) => {
      // A connection may look open for many minutes after its host is gone.
      peers.abandon(id, instanceId);
      server.abandon(id, instanceId);
      this.view.silent(id);
    });
    list.changes.subscribe(({ joined, left }) => this.#membersChanged(joined, left));
  }

  #membersChanged(joined: readonly MemberInfo[], left: readonly MemberInfo[]): void {
    const show = (infos: readonly MemberInfo[]) => infos.map((info) => this.members.show(info));
    const change = { joined: show(joined), left: show(left) };
    void this.memberHooks.call(change);
    this.base.events.emit({ type: 'members.changed', ...change });
  }
}
