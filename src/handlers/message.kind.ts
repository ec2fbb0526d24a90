import { HedgeError } from '../errors/index.js';
import { NOT_A_METHOD } from './handlers.messages.js';
import { routeOf, type Pattern } from './pattern.js';

/** A kind of messages. One decorator marks its handlers: `@OnLeaderMessage()`, for example. */
export class MessageKind {
  /** The metadata key of a method's patterns, as {@link routeOf} writes them. null: all that no other handler takes. */
  readonly key: symbol;

  /** @param decorator as users write it: `'@OnLeaderMessage'` */
  constructor(readonly decorator: string) {
    this.key = Symbol(`hedge:${decorator}`);
  }

  /**
   * Marks a method. Use it several times for several patterns.
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
