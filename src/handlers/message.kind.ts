import { HedgeError } from '../errors/index.js';
import { NOT_A_METHOD } from './handlers.messages.js';
import { routeOf, type Pattern } from './pattern.js';

/** Messages that one decorator marks the handlers of: `@OnLeaderMessage()` and its like. */
export class MessageKind {
  /** Under it a method keeps its patterns, as {@link routeOf} writes them; null: whatever no other handler takes. */
  readonly key: symbol;

  /** @param decorator as users write it: `'@OnLeaderMessage'` */
  constructor(readonly decorator: string) {
    this.key = Symbol(`hedge:${decorator}`);
  }

  /**
   * Marks a method; several times, where it handles several patterns.
   * @throws HedgeError `INVALID_ARGUMENT`, `INVALID_HANDLER`
   */
  handler(pattern: Pattern | undefined): MethodDecorator {
    const route = pattern === undefined ? null : routeOf(pattern);
    return (_target, _name, descriptor) => {
      const method = descriptor.value;
      if (typeof method !== 'function') {
        throw new HedgeError('INVALID_HANDLER', NOT_A_METHOD(this.decorator));
      }
      const earlier: (string | null)[] = Reflect.getOwnMetadata(this.key, method) ?? [];
      Reflect.defineMetadata(this.key, [...earlier, route], method);
    };
  }
}
