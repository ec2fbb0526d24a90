import { MessageKind, type Pattern } from '../handlers/index.js';

/** @internal */
export const LEADER_MESSAGE = new MessageKind('@OnLeaderMessage');

/**
 * The method answers `HedgeService.send(pattern, …)` on the member that leads. It works on providers and controllers, with
 * Nest's guards, pipes, interceptors, filters, `@Payload()` and `@Ctx()` (a `HedgeContext`), as `@MessagePattern()` does.
 * Its puts are bound to the term that it runs in.
 *
 * @param pattern without it, the method takes all messages that no other handler takes
 * @throws HedgeError `INVALID_ARGUMENT`, `INVALID_HANDLER`
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Orders {
 *   constructor(private readonly hedge: HedgeService) {}
 *
 *   // Any member calls this.
 *   order(id: string): Promise<{ takenAt: string }> {
 *     return this.hedge.send('orders.add', { id });
 *   }
 *
 *   // Only the leader runs this.
 *   @OnLeaderMessage('orders.add')
 *   async add(@Payload() order: { id: string }) {
 *     const { timestamp } = await this.hedge.put('orders', order.id);
 *     return { takenAt: timestamp };
 *   }
 * }
 * ```
 */
export function OnLeaderMessage(pattern?: Pattern): MethodDecorator {
  return LEADER_MESSAGE.handler(pattern);
}
