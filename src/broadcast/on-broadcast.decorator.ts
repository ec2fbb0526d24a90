import { MessageKind, type Pattern } from '../handlers/index.js';

/** @internal */
export const BROADCAST = new MessageKind('@OnBroadcast');

/**
 * The method answers `HedgeService.broadcast(pattern, …)` on every member, on the one that sent it, too. Works on
 * providers and controllers, with Nest's guards, pipes, interceptors, filters, `@Payload()` and `@Ctx()` (a
 * `HedgeContext`), as `@MessagePattern()` does.
 *
 * @param pattern left out: all broadcasts that no other handler takes
 */
export function OnBroadcast(pattern?: Pattern): MethodDecorator {
  return BROADCAST.handler(pattern);
}
