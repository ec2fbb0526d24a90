import { HedgeError } from '../errors/index.js';
import { routeOf } from '../messaging/index.js';
import type { Pattern } from './pattern.js';

/** @internal */
export const LEADER_MESSAGE = Symbol('hedge:leader-message');

/** @internal What the decorator leaves on a method: the route, or null for whatever no other handler takes. */
export interface LeaderMessageMetadata {
  readonly route: string | null;
}

/**
 * The method answers `HedgeService.send(pattern, …)`, on the member that leads. Works on providers and controllers,
 * with Nest's guards, pipes, interceptors, filters, `@Payload()` and `@Ctx()` (a `HedgeContext`), as
 * `@MessagePattern()` does. What it puts is bound to the term it runs in.
 *
 * @param pattern left out: all messages that no other handler takes
 */
export function OnLeaderMessage(pattern?: Pattern): MethodDecorator {
  const metadata: LeaderMessageMetadata = {
    route: pattern === undefined ? null : routeOf(pattern),
  };
  return (_target, _name, descriptor) => {
    const method = descriptor.value;
    if (typeof method !== 'function') {
      throw new HedgeError('INVALID_HANDLER', '@OnLeaderMessage() decorates methods');
    }
    const earlier: LeaderMessageMetadata[] = Reflect.getOwnMetadata(LEADER_MESSAGE, method) ?? [];
    Reflect.defineMetadata(LEADER_MESSAGE, [...earlier, metadata], method);
  };
}
