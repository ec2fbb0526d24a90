import { Logger } from '@nestjs/common';
import { Broadcaster, BroadcastRegistrar } from './broadcast/index.js';
import type { HedgeStore } from './store/index.js';
import type { ResolvedOptions } from './hedge.options.js';
import {
  Election,
  HedgeEvents,
  LeaderHeartbeats,
  LeaderView,
  LeadershipHooks,
  MembersView,
  Sweeper,
  Terms,
  TermScope,
} from './leader/index.js';
import { HeldTerms, LockAcquirer, LockReleaser, LockService } from './lock/index.js';
import { CommitOutcomes, LogReader, LogTrimmer, LogWriter, TermCommits } from './log/index.js';
import { MEMBERS_CHANGED, type MemberInfo, type Membership } from './membership/index.js';
import {
  AppHooks,
  MemberIdentity,
  MessageServer,
  PatternHandlers,
  Peers,
  RunningHandlers,
  type HandlerExplorer,
  type HandlerFactory,
  type PortSecurity,
} from './messaging/index.js';
import {
  LeaderClient,
  LeaderMessageRegistrar,
  LeaderRoutes,
  MessageSender,
  StreamSender,
} from './request/index.js';
import { FencedCommitter, SessionKeeper, SessionRenewer, SystemClock } from './session/index.js';

/** What Nest contributes to a member. */
export interface NestParts {
  readonly explorer: HandlerExplorer;
  readonly factory: HandlerFactory;
}

/** ms that followers are given to hear that the lock is free; those that do not find out by their connection. */
const NEWS_TIMEOUT = 250;

/** All rooms of one member, put together. Nothing runs before {@link MemberLifecycle} starts it. */
export class HedgeMember {
  readonly logger = new Logger('Hedge');
  readonly clock = new SystemClock();
  readonly identity: MemberIdentity;
  readonly server: MessageServer;
  readonly peers: Peers;
  readonly renewer: SessionRenewer;
  readonly releaser: LockReleaser;
  readonly locks: LockService;
  readonly events = new HedgeEvents();
  readonly scope = new TermScope();
  readonly view: LeaderView;
  readonly hooks: LeadershipHooks;
  readonly terms: Terms;
  readonly election: Election;
  readonly membership: Membership;
  readonly members: MembersView;
  readonly memberHooks: AppHooks;
  readonly running: RunningHandlers;
  readonly sender: MessageSender;
  readonly streams: StreamSender;
  readonly messages: LeaderMessageRegistrar;
  readonly broadcaster: Broadcaster;
  readonly broadcasts: BroadcastRegistrar;
  readonly writer: LogWriter;
  readonly outcomes: CommitOutcomes;
  readonly reader: LogReader;
  readonly trimmer: LogTrimmer;

  constructor(
    readonly options: ResolvedOptions,
    readonly store: HedgeStore,
    { explorer, factory }: NestParts,
    security?: PortSecurity,
  ) {
    const { group, leaseDuration, requestTimeout, drainTimeout, candidate, metadata } = options;
    const { clock, logger, events, scope } = this;
    const id = () => this.identity.id;

    this.identity = new MemberIdentity(group, undefined, () => store.identity ?? '');
    this.server = new MessageServer(this.identity, { tlsOptions: security?.server });
    this.peers = new Peers(this.identity, this.server, { tlsOptions: security?.client });

    const keeper = new SessionKeeper(clock, { group, leaseDuration, address: id });
    const committer = new FencedCommitter(keeper, store, clock);
    this.renewer = new SessionRenewer(keeper, committer, store, clock, leaseDuration, logger);

    const held = new HeldTerms();
    this.releaser = new LockReleaser(store, keeper, clock);
    const acquirer = new LockAcquirer(group, store, keeper, this.renewer, this.releaser, clock);
    this.locks = new LockService(group, held, store, clock, requestTimeout);

    this.view = new LeaderView(clock);
    this.view.changes.subscribe((leader) => {
      events.emit({ type: 'leader.changed', leader: leader?.id });
    });
    this.hooks = new LeadershipHooks(explorer, clock, logger);
    this.terms = new Terms(held, events, this.hooks, scope, drainTimeout, logger, () =>
      this.membership.tell(NEWS_TIMEOUT),
    );
    this.election = new Election(
      {
        group,
        id,
        leaseDuration,
        candidate,
        rank: (gone) => this.membership.list.rank(gone),
      },
      store,
      acquirer,
      this.releaser,
      this.view,
      clock,
      logger,
      this.terms,
    );
    const heartbeats = new LeaderHeartbeats(
      this.identity,
      this.server,
      this.peers,
      clock,
      { leaseDuration, candidate, metadata },
      logger,
      this.election,
      this.view,
    );
    this.membership = heartbeats.membership;
    const { list } = this.membership;
    this.members = new MembersView(this.identity, list, this.election, this.view);
    this.memberHooks = new AppHooks(explorer, MEMBERS_CHANGED, logger);
    list.silent.subscribe((gone) => {
      // A connection may seem open for many minutes after its host is gone.
      this.peers.abandon(gone);
      this.server.abandon(gone);
    });
    list.changes.subscribe(({ joined, left }) => this.#membersChanged(joined, left));

    this.running = new RunningHandlers(clock);
    const routes = new LeaderRoutes(this.server, this.election, this.view, this.running, id);
    const client = new LeaderClient(this.peers, this.view, this.election, clock);
    this.sender = new MessageSender(client, requestTimeout);
    this.streams = new StreamSender(client, requestTimeout);
    this.messages = new LeaderMessageRegistrar(
      new PatternHandlers(explorer),
      factory,
      routes,
      scope,
      options.inheritAppConfig,
    );

    this.broadcaster = new Broadcaster(
      this.peers,
      { self: id, members: () => list.all.map((member) => member.id) },
      requestTimeout,
    );
    this.broadcasts = new BroadcastRegistrar(
      new PatternHandlers(explorer),
      factory,
      this.server,
      this.running,
      { self: id, newestToken: () => this.view.newestToken },
      options.inheritAppConfig,
    );

    this.outcomes = new CommitOutcomes(keeper, store, clock);
    const commits = new TermCommits(committer, this.outcomes, clock, leaseDuration);
    this.terms.register(commits);
    this.terms.register(new Sweeper(group, store, clock, leaseDuration, logger));
    const retryWindow = 2 * requestTimeout;
    this.writer = new LogWriter(
      commits,
      this.terms,
      scope,
      client,
      clock,
      requestTimeout,
      retryWindow,
    );
    this.trimmer = new LogTrimmer(store, committer, client, clock, requestTimeout, retryWindow);
    this.reader = new LogReader(store, clock, requestTimeout);
    this.writer.register(routes);
    this.trimmer.register(routes);
  }

  #membersChanged(joined: readonly MemberInfo[], left: readonly MemberInfo[]): void {
    const show = (infos: readonly MemberInfo[]) => infos.map((info) => this.members.show(info));
    const change = { joined: show(joined), left: show(left) };
    void this.memberHooks.call(change);
    this.events.emit({ type: 'members.changed', ...change });
  }
}
