import { HedgeError } from '../errors/index.js';
import { NO_JSON } from '../hedge.messages.js';
import { routeOf, type Pattern } from '../messaging/index.js';
import { waitLimits, type WaitOptions } from '../session/index.js';
import { LEADER_ROUTE } from './leader-message.registrar.js';
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
    // Inside an envelope JSON would leave these out in silence.
    if (typeof data === 'function' || typeof data === 'symbol') {
      throw new HedgeError('INVALID_ARGUMENT', NO_JSON('data', typeof data));
    }
    return (await this.client.request(route, data, limits)) as R;
  }
}
