import { Logger } from '@nestjs/common';
import { MemberReports } from './hedge.channels.js';
import type { ResolvedOptions } from './hedge.options.js';
import { HedgeEvents, TermScope, type HedgeEvent } from './leader/index.js';
import { LeaderRooms } from './leader.rooms.js';
import { LockRooms } from './lock.rooms.js';
import { LogRooms } from './log.rooms.js';
import { MessageRooms } from './message.rooms.js';
import {
  MemberIdentity,
  MessageServer,
  MessageTracing,
  Peers,
  type HandlerExplorer,
  type HandlerFactory,
  type PortSecurity,
} from './messaging/index.js';
import { MemberState } from './member.state.js';
import { SURROUNDINGS, type SurroundedStore, type Surroundings } from './hedge.surroundings.js';
import { SystemClock, type Clock } from './session/index.js';
import { SessionRooms } from './session.rooms.js';

/** What Nest contributes to a member. */
export interface NestParts {
  readonly explorer: HandlerExplorer;
  readonly factory: HandlerFactory;
}

/** What all rooms of a member are made of. */
export interface MemberBase extends NestParts {
  readonly options: ResolvedOptions;
  readonly store: SurroundedStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: MemberIdentity;
  readonly server: MessageServer;
  readonly peers: Peers;
  readonly events: HedgeEvents;
  readonly scope: TermScope;
  readonly state: MemberState;
  /** What it tells of itself, to whoever listens. */
  readonly reports: MemberReports;
  readonly tracing: MessageTracing;
  /** The id of the member, once it listens. */
  readonly id: () => string;
}

/** All rooms of one member, put together. Nothing runs before {@link HedgeLifecycle} starts it. */
export class HedgeMember implements MemberBase {
  readonly logger = new Logger('Hedge');
  readonly events = new HedgeEvents();
  readonly scope = new TermScope();
  readonly state = new MemberState();
  readonly explorer: HandlerExplorer;
  readonly factory: HandlerFactory;
  readonly surroundings: Surroundings | undefined;
  readonly clock: Clock;
  readonly identity: MemberIdentity;
  readonly server: MessageServer;
  readonly peers: Peers;
  readonly reports: MemberReports;
  readonly tracing: MessageTracing;
  readonly session: SessionRooms;
  readonly leader: LeaderRooms;
  readonly messages: MessageRooms;
  readonly locks: LockRooms;
  readonly log: LogRooms;

  constructor(
    readonly options: ResolvedOptions,
    readonly store: SurroundedStore,
    { explorer, factory }: NestParts,
    security?: PortSecurity,
  ) {
    this.explorer = explorer;
    this.factory = factory;
    this.surroundings = store[SURROUNDINGS];
    this.clock = this.surroundings?.clock ?? new SystemClock();
    this.identity = new MemberIdentity(options.group, undefined, () => store.identity ?? '');
    // What is not TCP has no TLS either.
    const { clock, surroundings: { network } = {} } = this;
    const port = network ? { network } : { tlsOptions: security?.server };
    this.server = new MessageServer(this.identity, port);
    const dial = network ? { network } : { tlsOptions: security?.client };
    this.peers = new Peers(this.identity, this.server, { ...dial, clock });
    this.reports = new MemberReports(this.identity, () => this.clock.now().monotonic);
    this.tracing = new MessageTracing(this.reports);
    this.events.events$.subscribe((event) => this.#report(event));
    this.session = new SessionRooms(this);
    this.leader = new LeaderRooms(this, this.session);
    this.messages = new MessageRooms(this, this.leader);
    this.locks = new LockRooms(this, this.session, this.leader, this.messages);
    this.log = new LogRooms(this, this.session, this.leader, this.messages);
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
