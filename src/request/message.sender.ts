import { assertInEnvelope, type MessageTracing } from '../messaging/index.js';
import { routeOf, type Pattern } from '../handlers/index.js';
import { waitLimits, type WaitOptions } from '../time/index.js';
import { LEADER_ROUTE } from './leader-message.context.js';
import type { LeaderClient } from './leader.client.js';

/** Options of `HedgeService.send`. */
export interface SendOptions extends WaitOptions {
  /**
   * Whether the handler may run twice for this message without harm. The message is then sent again when the connection is
   * lost before the reply. @default false
   */
  idempotent?: boolean;
}

/** Sends the app's messages to the leader. */
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
    // Not spread: that would take longer than all else here.
    const limits = { timeout, signal, idempotent, headers: trace.headers };
    return (await trace.call(() => this.client.request(LEADER_ROUTE + name, data, limits))) as R;
  }
}
