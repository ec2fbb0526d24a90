import { HedgeError } from '../errors/index.js';
import type { DiscoveredHandler, HandlerExplorer } from './handler.explorer.js';
import type { MessageKind } from './message.kind.js';
import { DUPLICATE_HANDLER } from './handlers.messages.js';

/** A method, and the patterns that it handles. null: all that no other handler takes. */
export interface PatternHandler {
  readonly handler: DiscoveredHandler;
  readonly patterns: readonly (string | null)[];
}

/** The app's handlers by pattern, of all kinds that share their routes: a pattern has one handler. */
export class PatternRegistry {
  readonly #taken = new Map<string | null, string>();

  constructor(private readonly explorer: HandlerExplorer) {}

  /** Whether the pattern has a handler. null: whether a handler takes all that no other handler takes. */
  has(pattern: string | null): boolean {
    return this.#taken.has(pattern);
  }

  /**
   * Finds the handlers of a kind, for the caller to mount.
   * @throws HedgeError `INVALID_HANDLER` when a pattern has a handler already, of this kind or another
   */
  add(kind: MessageKind): PatternHandler[] {
    return this.explorer.explore<(string | null)[]>(kind.key).map((handler) => {
      const patterns = handler.metadata;
      for (const pattern of patterns) this.#addOne(pattern, kind, handler);
      return { handler, patterns };
    });
  }

  #addOne(
    pattern: string | null,
    { decorator }: MessageKind,
    { instance, methodName }: DiscoveredHandler,
  ): void {
    const argument = pattern === null ? '' : `'${pattern}'`;
    const name = `${decorator}(${argument}) on ${instance.constructor.name}.${methodName}()`;
    const other = this.#taken.get(pattern);
    if (other) throw new HedgeError('INVALID_HANDLER', DUPLICATE_HANDLER(other, name));
    this.#taken.set(pattern, name);
  }
}
