import { assertInEnvelope, type MessageTracing } from '../messaging/index.js';
import { routeOf, type Pattern } from '../handlers/index.js';
import { waitLimits, type WaitOptions } from '../time/index.js';
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
    private readonly tracing: MessageTracing,
  ) {}

  async send<R>(pattern: Pattern, data: unknown, options: SendOptions = {}): Promise<R> {
    const { idempotent } = options;
    const { timeout, signal } = waitLimits(options, this.requestTimeout);
    const name = routeOf(pattern);
    assertInEnvelope(data);
    const trace = this.tracing.sent({ kind: 'send', pattern: name });
    // Not spread: that is what takes longest here, by far.
    const limits = { timeout, signal, idempotent, headers: trace.headers };
    return (await trace.call(() => this.client.request(LEADER_ROUTE + name, data, limits))) as R;
  }
}
