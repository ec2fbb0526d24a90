import { BaseRpcContext } from '@nestjs/microservices';

type HedgeContextArgs = [sender: string, token: bigint, pattern: string, signal: () => AbortSignal];

/**
 * The context of a handler, for `@Ctx()`: it names the sender and the term.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Payments {
 *   @OnLeaderMessage('payments.charge')
 *   async charge(@Payload() order: { id: string }, @Ctx() context: HedgeContext) {
 *     // The bank refuses a token that is smaller than the largest it has seen.
 *     const headers = { 'fencing-token': `${context.getToken()}` };
 *     const signal = context.getSignal();
 *     await fetch(`https://bank.example/${order.id}`, { method: 'POST', headers, signal });
 *     return { chargedFor: context.getSender() };
 *   }
 * }
 * ```
 */
export class HedgeContext extends BaseRpcContext<HedgeContextArgs> {
  #signal: AbortSignal | undefined;

  /** @param signal called by the first `getSignal()`: most handlers need no signal */
  constructor(sender: string, token: bigint, pattern: string, signal: () => AbortSignal) {
    super([sender, token, pattern, signal]);
  }

  /** The id (`host:port`) of the member that sent the message. */
  getSender(): string {
    return this.args[0];
  }

  /**
   * The fencing token of the term that the handler runs in. A handler of broadcasts runs in no term: there it is the token
   * of the newest term that this member knows, or 0n.
   */
  getToken(): bigint {
    return this.args[1];
  }

  /** Aborts when the term ends, when the caller waits no longer, or when the app closes and `drainTimeout` is over. */
  getSignal(): AbortSignal {
    this.#signal ??= this.args[3]();
    return this.#signal;
  }

  /** The pattern of the message. Of an object, it is the JSON that Nest makes of it. */
  getPattern(): string {
    return this.args[2];
  }
}
