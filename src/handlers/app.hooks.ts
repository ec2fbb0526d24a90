import type { Logger } from '@nestjs/common';
import { textOf } from '../errors/index.js';
import type { DiscoveredHandler, HandlerExplorer } from './handler.explorer.js';
import { HOOK_FAILED } from './handlers.messages.js';

/** The app's methods with one decorator, which are told when something happens. */
export class AppHooks {
  #found: DiscoveredHandler[] = [];

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly metadataKey: symbol,
    private readonly logger: Logger,
  ) {}

  /** @throws HedgeError `INVALID_HANDLER` for a hook on a class that is no singleton. */
  find(): void {
    this.#found = this.explorer.explore(this.metadataKey);
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  /** Resolves when all have. What they throw is logged, and changes nothing for anybody else. */
  async call(argument: unknown): Promise<void> {
    await Promise.all(this.#found.map((hook) => this.#call(hook, argument)));
  }

  async #call({ instance, methodName }: DiscoveredHandler, argument: unknown): Promise<void> {
    try {
      await Reflect.apply(Reflect.get(instance, methodName), instance, [argument]);
    } catch (error) {
      const stack = error instanceof Error ? error.stack : textOf(error);
      this.logger.error(HOOK_FAILED(instance.constructor.name, methodName), stack);
    }
  }
}
