import { Logger } from '@nestjs/common';
import type { HandlerExplorer, HandlerFactory } from '../handlers/index.js';
import { MemberReports } from '../hedge.channels.js';
import type { ResolvedOptions } from '../hedge.options.js';
import type { Surroundings } from '../hedge.surroundings.js';
import { HedgeEvents, TermScope, type HedgeEvent } from '../leader/index.js';
import {
  MemberIdentity,
  MessageServer,
  MessageTracing,
  Peers,
  type PortSecurity,
} from '../messaging/index.js';
import type { HedgeStore } from '../store/index.js';
import { NewerRowWatch } from '../table/index.js';
import { SystemClock, type Clock } from '../time/index.js';
import { LeaderParts } from './leader.parts.js';
import { LockParts } from './lock.parts.js';
import { LogParts } from './log.parts.js';
import type { MemberBase, NestParts } from './member.base.js';
import { MemberState } from './member.state.js';
import { MessageParts } from './message.parts.js';
import { SessionParts } from './session.parts.js';

/** All parts of one member, put together. Nothing runs before `MemberLifecycle` starts it. */
export class HedgeMember implements MemberBase {
  readonly logger = new Logger('Hedge');
  readonly events = new HedgeEvents();
  readonly scope = new TermScope();
  readonly state = new MemberState();
  readonly explorer: HandlerExplorer;
  readonly factory: HandlerFactory;
  readonly surroundings: Surroundings | undefined;
  readonly clock: Clock;
  readonly store: HedgeStore;
  readonly identity: MemberIdentity;
  readonly server: MessageServer;
  readonly peers: Peers;
  readonly reports: MemberReports;
  readonly tracing: MessageTracing;
  readonly session: SessionParts;
  readonly leader: LeaderParts;
  readonly messages: MessageParts;
  readonly locks: LockParts;
  readonly log: LogParts;

  constructor(
    readonly options: ResolvedOptions,
    store: HedgeStore,
    { explorer, factory }: NestParts,
    security?: PortSecurity,
  ) {
    this.explorer = explorer;
    this.factory = factory;
    this.surroundings = options.surroundings;
    this.store = new NewerRowWatch(store, this.logger);
    this.clock = this.surroundings?.clock ?? new SystemClock();
    this.identity = new MemberIdentity(options.group, undefined, () => store.identity ?? '');
    // Another network than TCP has no TLS either.
    const { clock, surroundings: { network } = {} } = this;
    const port = network ? { network } : { tlsOptions: security?.server };
    this.server = new MessageServer(this.identity, port);
    const dial = network ? { network } : { tlsOptions: security?.client };
    this.peers = new Peers(this.identity, this.server, { ...dial, clock });
    this.reports = new MemberReports(this.identity, () => this.clock.now().monotonic);
    this.tracing = new MessageTracing(this.reports);
    this.events.events$.subscribe((event) => this.#report(event));
    this.session = new SessionParts(this);
    this.leader = new LeaderParts(this, this.session);
    this.messages = new MessageParts(this, this.leader);
    this.locks = new LockParts(this, this.session, this.leader, this.messages);
    this.log = new LogParts(this, this.session, this.leader, this.messages);
  }

  readonly id = () => this.identity.id;

  #report(event: HedgeEvent): void {
    if (event.type === 'leadership.gained') {
      const { token } = event.leadership;
      this.reports.tell('nestjs-hedge:leadership.gained', { token });
    } else if (event.type === 'leadership.lost') {
      const { token, reason } = event;
      this.reports.tell('nestjs-hedge:leadership.lost', { token, reason });
    }
  }
}
