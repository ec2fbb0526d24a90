import { MessageKind, type Pattern } from '../handlers/index.js';

/** @internal */
export const BROADCAST = new MessageKind('@OnBroadcast');

/**
 * The method answers `HedgeService.broadcast(pattern, …)` on every member, the sender included. It works on providers and
 * controllers, with Nest's guards, pipes, interceptors, filters, `@Payload()` and `@Ctx()` (a `HedgeContext`), as
 * `@MessagePattern()` does.
 *
 * @param pattern without it, the method takes all broadcasts that no other handler takes
 * @throws HedgeError `INVALID_ARGUMENT`, `INVALID_HANDLER`
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Prices {
 *   readonly #cache = new Map<string, number>();
 *
 *   constructor(private readonly hedge: HedgeService) {}
 *
 *   // The member that calls this asks all members.
 *   async forget(article: string): Promise<void> {
 *     for (const reply of await this.hedge.broadcast('prices.forget', article)) {
 *       if ('error' in reply) console.warn(`${reply.member}: ${reply.error.message}`);
 *     }
 *   }
 *
 *   // Every member runs this.
 *   @OnBroadcast('prices.forget')
 *   forgetHere(@Payload() article: string): boolean {
 *     return this.#cache.delete(article);
 *   }
 * }
 * ```
 */
export function OnBroadcast(pattern?: Pattern): MethodDecorator {
  return BROADCAST.handler(pattern);
}
