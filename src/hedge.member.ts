import { Logger } from '@nestjs/common';
import type { ResolvedOptions } from './hedge.options.js';
import { HedgeEvents, TermScope } from './leader/index.js';
import { LeaderRooms } from './leader.rooms.js';
import { LockRooms } from './lock.rooms.js';
import { LogRooms } from './log.rooms.js';
import { MessageRooms } from './message.rooms.js';
import {
  MemberIdentity,
  MessageServer,
  Peers,
  type HandlerExplorer,
  type HandlerFactory,
  type PortSecurity,
} from './messaging/index.js';
import { MemberState } from './member.state.js';
import { SystemClock, type Clock } from './session/index.js';
import { SessionRooms } from './session.rooms.js';
import type { HedgeStore } from './store/index.js';

/** What Nest contributes to a member. */
export interface NestParts {
  readonly explorer: HandlerExplorer;
  readonly factory: HandlerFactory;
}

/** What all rooms of a member are made of. */
export interface MemberBase extends NestParts {
  readonly options: ResolvedOptions;
  readonly store: HedgeStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: MemberIdentity;
  readonly server: MessageServer;
  readonly peers: Peers;
  readonly events: HedgeEvents;
  readonly scope: TermScope;
  readonly state: MemberState;
  /** The id of the member, once it listens. */
  readonly id: () => string;
}

/** All rooms of one member, put together. Nothing runs before {@link HedgeLifecycle} starts it. */
export class HedgeMember implements MemberBase {
  readonly logger = new Logger('Hedge');
  readonly clock = new SystemClock();
  readonly events = new HedgeEvents();
  readonly scope = new TermScope();
  readonly state = new MemberState();
  readonly explorer: HandlerExplorer;
  readonly factory: HandlerFactory;
  readonly identity: MemberIdentity;
  readonly server: MessageServer;
  readonly peers: Peers;
  readonly session: SessionRooms;
  readonly leader: LeaderRooms;
  readonly messages: MessageRooms;
  readonly locks: LockRooms;
  readonly log: LogRooms;

  constructor(
    readonly options: ResolvedOptions,
    readonly store: HedgeStore,
    { explorer, factory }: NestParts,
    security?: PortSecurity,
  ) {
    this.explorer = explorer;
    this.factory = factory;
    this.identity = new MemberIdentity(options.group, undefined, () => store.identity ?? '');
    this.server = new MessageServer(this.identity, { tlsOptions: security?.server });
    this.peers = new Peers(this.identity, this.server, { tlsOptions: security?.client });
    this.session = new SessionRooms(this);
    this.leader = new LeaderRooms(this, this.session);
    this.messages = new MessageRooms(this, this.leader);
    this.locks = new LockRooms(this, this.session, this.leader, this.messages);
    this.log = new LogRooms(this, this.session, this.leader, this.messages);
  }

  readonly id = () => this.identity.id;
}
