import type { Logger } from '@nestjs/common';
import { textOf } from '../errors/index.js';
import type { DiscoveredHandler, HandlerExplorer } from './handler.explorer.js';
import { HOOK_FAILED } from './handlers.messages.js';

/** The app's methods with one decorator. They are called when something happens. */
export class AppHooks {
  #found: DiscoveredHandler[] = [];

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly metadataKey: symbol,
    private readonly logger: Logger,
  ) {}

  /** @throws HedgeError `INVALID_HANDLER` for a hook on a class that is no singleton */
  find(): void {
    this.#found = this.explorer.explore(this.metadataKey);
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  /** Calls all hooks, and resolves when all have resolved. An error of a hook is logged, and changes nothing else. */
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
