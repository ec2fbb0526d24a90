import type { MemberBase } from './member.base.js';
import {
  Election,
  GroupMembers,
  LeaderHeartbeats,
  LeaderView,
  LeadershipHooks,
  TermLifecycle,
} from '../leader/index.js';
import { Sweeper } from '../sweep/index.js';
import { MEMBERS_CHANGED, type MemberInfo, type Membership } from '../membership/index.js';
import { AppHooks } from '../handlers/index.js';
import type { SessionParts } from './session.parts.js';

/** ms that followers are given to hear that the lock is free; those that do not find out by their connection. */
const NEWS_TIMEOUT = 250;

/** Who leads the group, and who else is in it. */
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
    const { options, store, clock, logger, identity, server, peers, events, scope, explorer } =
      base;
    const { group, leaseDuration } = options;
    this.view = new LeaderView(clock);
    this.view.changes.subscribe((leader) => {
      events.emit({ type: 'leader.changed', leader: leader?.id });
    });
    this.hooks = new LeadershipHooks(explorer, clock, logger);
    this.terms = new TermLifecycle({
      held: session.held,
      events,
      hooks: this.hooks,
      scope,
      drainTimeout: options.drainTimeout,
      logger,
      announceRelease: () => this.membership.tell(NEWS_TIMEOUT),
    });
    this.terms.register(new Sweeper(group, store, clock, leaseDuration, logger));
    this.election = this.#makeElection(session);
    const { election, view } = this;
    const heartbeats = new LeaderHeartbeats({
      identity,
      server,
      peers,
      clock,
      logger,
      options,
      election,
      view,
    });
    this.membership = heartbeats.membership;
    this.memberHooks = new AppHooks(explorer, MEMBERS_CHANGED, logger);
    this.members = new GroupMembers(identity, this.membership.list, this.election, this.view);
    this.#followList();
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

  #followList(): void {
    const { server, peers } = this.base;
    const { list } = this.membership;
    list.silent.subscribe(({ id, instanceId }) => {
      // A connection may seem open for many minutes after its host is gone.
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
