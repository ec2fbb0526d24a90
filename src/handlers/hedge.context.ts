import { BaseRpcContext } from '@nestjs/microservices';

type HedgeContextArgs = [sender: string, token: bigint, pattern: string, signal: () => AbortSignal];

/** What `@Ctx()` gives a handler: who asks, and in which term. */
export class HedgeContext extends BaseRpcContext<HedgeContextArgs> {
  #signal: AbortSignal | undefined;

  /** @param signal Called on the first `getSignal()`: most handlers never ask. */
  constructor(sender: string, token: bigint, pattern: string, signal: () => AbortSignal) {
    super([sender, token, pattern, signal]);
  }

  /** The id (`host:port`) of the member that sent the message. */
  getSender(): string {
    return this.args[0];
  }

  /**
   * The fencing token of the term this handler runs in; of a broadcast's, which runs in none, that of the newest term
   * this member knows of (0n: of none).
   */
  getToken(): bigint {
    return this.args[1];
  }

  /** Aborts when the term ends, nobody waits for the reply any more, or a closing app has waited long enough for it. */
  getSignal(): AbortSignal {
    this.#signal ??= this.args[3]();
    return this.#signal;
  }

  /** The pattern as it was sent: of an object, its JSON as Nest makes it. */
  getPattern(): string {
    return this.args[2];
  }
}
