import type { Logger } from '@nestjs/common';
import { AppHooks, type HandlerExplorer } from '../handlers/index.js';
import type { LossReason } from '../session/index.js';
import { settledWithin, type Clock } from '../time/index.js';
import { LEADERSHIP_GAINED, LEADERSHIP_LOST } from './leadership.decorators.js';
import type { Leadership } from './leadership.js';

/** Calls the app's `@OnLeadershipGained()` and `@OnLeadershipLost()` methods. */
export class LeadershipHooks {
  readonly #gained: AppHooks;
  readonly #lost: AppHooks;

  constructor(
    explorer: HandlerExplorer,
    private readonly clock: Clock,
    logger: Logger,
  ) {
    this.#gained = new AppHooks(explorer, LEADERSHIP_GAINED, logger);
    this.#lost = new AppHooks(explorer, LEADERSHIP_LOST, logger);
  }

  /** @throws HedgeError `INVALID_HANDLER` for a hook on a class that is no singleton */
  find(): void {
    this.#gained.find();
    this.#lost.find();
  }

  gained(leadership: Leadership): void {
    void this.#gained.call(leadership);
  }

  /**
   * Resolves when all hooks have, at most `timeout` ms later: a hook that hangs must not keep the lock from the others.
   */
  async lost(reason: LossReason, timeout: number): Promise<void> {
    if (this.#lost.isEmpty) return;
    await settledWithin(this.clock, timeout, this.#lost.call(reason));
  }
}
