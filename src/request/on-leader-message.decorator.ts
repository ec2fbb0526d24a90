import { MessageKind, type Pattern } from '../handlers/index.js';

/** @internal */
export const LEADER_MESSAGE = new MessageKind('@OnLeaderMessage');

/**
 * The method answers `HedgeService.send(pattern, …)`, on the member that leads. Works on providers and controllers,
 * with Nest's guards, pipes, interceptors, filters, `@Payload()` and `@Ctx()` (a `HedgeContext`), as
 * `@MessagePattern()` does. What it puts is bound to the term it runs in.
 *
 * @param pattern left out: all messages that no other handler takes
 */
export function OnLeaderMessage(pattern?: Pattern): MethodDecorator {
  return LEADER_MESSAGE.handler(pattern);
}
