import { assertInEnvelope, routeOf, type Pattern } from '../messaging/index.js';
import { waitLimits, type WaitOptions } from '../session/index.js';
import { LEADER_ROUTE } from './leader-message.context.js';
import type { LeaderClient } from './leader.client.js';

/** For `HedgeService.send`. */
export interface SendOptions extends WaitOptions {
  /**
   * The handler may run twice for this message without harm: it is sent again when the connection was lost before
   * the answer. @default false
   */
  idempotent?: boolean;
}

/** `send`: users' messages to the leader. */
export class MessageSender {
  constructor(
    private readonly client: LeaderClient,
    private readonly requestTimeout: number,
  ) {}

  async send<R>(pattern: Pattern, data: unknown, options: SendOptions = {}): Promise<R> {
    const { idempotent } = options;
    const limits = { ...waitLimits(options, this.requestTimeout), idempotent };
    const route = LEADER_ROUTE + routeOf(pattern);
    assertInEnvelope(data);
    return (await this.client.request(route, data, limits)) as R;
  }
}
