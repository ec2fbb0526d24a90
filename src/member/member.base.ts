import type { Logger } from '@nestjs/common';
import type { HandlerExplorer, HandlerFactory } from '../handlers/index.js';
import type { MemberReports } from '../hedge.channels.js';
import type { ResolvedOptions } from '../hedge.options.js';
import type { HedgeEvents, TermScope } from '../leader/index.js';
import type { MemberIdentity, MessageServer, MessageTracing, Peers } from '../messaging/index.js';
import type { HedgeStore } from '../store/index.js';
import type { Clock } from '../time/index.js';
import type { MemberState } from './member.state.js';

/** The parts of a member that Nest makes. */
export interface NestParts {
  readonly explorer: HandlerExplorer;
  readonly factory: HandlerFactory;
}

/** The parts of a member that its other parts are made of. */
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
  /** Its reports on diagnostics channels. */
  readonly reports: MemberReports;
  readonly tracing: MessageTracing;
  /** The id of the member, once it listens. */
  readonly id: () => string;
}
