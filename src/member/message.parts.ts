import { Broadcaster, BroadcastRegistrar } from '../broadcast/index.js';
import type { MemberBase } from './member.base.js';
import type { LeaderParts } from './leader.parts.js';
import { PatternRegistry, RunningHandlers } from '../handlers/index.js';
import {
  LeaderClient,
  LeaderMessageRegistrar,
  LeaderRoutes,
  MessageSender,
  StreamSender,
} from '../request/index.js';

/** The messages that the members of the app send each other. */
export class MessageParts {
  readonly running: RunningHandlers;
  readonly routes: LeaderRoutes;
  readonly client: LeaderClient;
  readonly sender: MessageSender;
  readonly streams: StreamSender;
  readonly broadcaster: Broadcaster;
  readonly #leaderMessages: LeaderMessageRegistrar;
  readonly #broadcasts: BroadcastRegistrar;

  constructor(base: MemberBase, { election, view, membership }: LeaderParts) {
    const { options, clock, server, peers, scope, explorer, factory, tracing, id } = base;
    const { requestTimeout, inheritAppConfig } = options;
    this.running = new RunningHandlers(clock);
    this.routes = new LeaderRoutes({ server, election, view, running: this.running, self: id });
    this.client = new LeaderClient(peers, view, election, clock);
    this.sender = new MessageSender(this.client, requestTimeout, tracing);
    this.streams = new StreamSender(this.client, requestTimeout, tracing);
    this.#leaderMessages = new LeaderMessageRegistrar({
      registry: new PatternRegistry(explorer),
      factory,
      routes: this.routes,
      scope,
      tracing,
      inheritAppConfig,
    });
    this.broadcaster = new Broadcaster({
      peers,
      tracing,
      requestTimeout,
      self: id,
      members: () => membership.list.all.map((member) => member.id),
    });
    this.#broadcasts = new BroadcastRegistrar({
      registry: new PatternRegistry(explorer),
      factory,
      server,
      running: this.running,
      tracing,
      inheritAppConfig,
      self: id,
      newestToken: () => view.newestToken,
    });
  }

  /** @throws HedgeError `INVALID_HANDLER` */
  registerHandlers(): void {
    this.#leaderMessages.register();
    this.#broadcasts.register();
  }
}
