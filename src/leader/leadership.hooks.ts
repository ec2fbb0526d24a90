import type { Logger } from '@nestjs/common';
import { HOOK_FAILED, textOf } from '../hedge.messages.js';
import type { DiscoveredHandler, HandlerExplorer } from '../messaging/index.js';
import { settledWithin, type Clock, type LossReason } from '../session/index.js';
import { LEADERSHIP_GAINED, LEADERSHIP_LOST } from './leadership.decorators.js';
import type { Leadership } from './leadership.js';

/** Calls the app's `@OnLeadershipGained()` and `@OnLeadershipLost()` methods. */
export class LeadershipHooks {
  #gained: DiscoveredHandler[] = [];
  #lost: DiscoveredHandler[] = [];

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** @throws HedgeError `INVALID_HANDLER` for a hook on a class that is no singleton. */
  find(): void {
    this.#gained = this.explorer.explore(LEADERSHIP_GAINED);
    this.#lost = this.explorer.explore(LEADERSHIP_LOST);
  }

  gained(leadership: Leadership): void {
    for (const hook of this.#gained) void this.#call(hook, leadership);
  }

  /** Resolves when all have, or after `timeout` ms: a hook that hangs must not keep the lock from the others. */
  async lost(reason: LossReason, timeout: number): Promise<void> {
    if (this.#lost.length === 0) return;
    const calls = Promise.all(this.#lost.map((hook) => this.#call(hook, reason)));
    await settledWithin(this.clock, timeout, calls);
  }

  /** What a hook throws is its own affair: the protocol goes on. */
  async #call({ instance, methodName }: DiscoveredHandler, argument: unknown): Promise<void> {
    try {
      await Reflect.apply(Reflect.get(instance, methodName), instance, [argument]);
    } catch (error) {
      const stack = error instanceof Error ? error.stack : textOf(error);
      this.logger.error(HOOK_FAILED(instance.constructor.name, methodName), stack);
    }
  }
}
