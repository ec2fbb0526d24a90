import { MessageKind, type Pattern } from '../handlers/index.js';

/** @internal */
export const LEADER_STREAM = new MessageKind('@OnLeaderStream');

/**
 * The method answers `HedgeService.stream(pattern, input)` on the member that leads. Its payload is a {@link HedgeStream} of
 * the caller's values, for one reader; other data arrives as a stream of one value. The stream ends with an error when the
 * caller gives up or is lost, or the term ends. The method returns an Observable, an async iterable (it may be an async
 * generator: `async *handle(input)`), a promise or a value. Apart from that it works as `@OnLeaderMessage()`, with which it
 * shares the patterns.
 *
 * An async generator is asked for a value when the caller takes one, and `for await` over the input asks the caller for a
 * value. Neither side runs ahead of the other by more than a window of 256 small values.
 *
 * @throws HedgeError `INVALID_ARGUMENT`, `INVALID_HANDLER`
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Imports {
 *   constructor(private readonly hedge: HedgeService) {}
 *
 *   // Any member calls this.
 *   async import(rows: AsyncIterable<{ id: string }>): Promise<void> {
 *     const done = this.hedge.stream<{ imported: string }>('imports.add', rows);
 *     for await (const { imported } of done) console.log(imported);
 *   }
 *
 *   // Only the leader runs this.
 *   @OnLeaderStream('imports.add')
 *   async *add(@Payload() rows: HedgeStream<{ id: string }>) {
 *     for await (const { id } of rows) {
 *       await this.hedge.put('imports', id);
 *       yield { imported: id };
 *     }
 *   }
 * }
 * ```
 */
export function OnLeaderStream(pattern: Pattern): MethodDecorator {
  return LEADER_STREAM.handler(pattern);
}
