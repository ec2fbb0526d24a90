import { MessageKind, type Pattern } from '../handlers/index.js';

/** @internal */
export const LEADER_STREAM = new MessageKind('@OnLeaderStream');

/**
 * The method answers `HedgeService.stream(pattern, input)`, on the member that leads. Its payload is a
 * {@link HedgeStream} of what the caller streams (of other data: a stream of that one value), for one reader; it ends
 * with an error when the caller gives up or is lost, or the term ends. It returns an Observable, an async iterable (it may
 * be an async generator: `async *handle(input)`), a promise or a value. Otherwise as `@OnLeaderMessage()`, with which it
 * shares the patterns.
 *
 * An async generator is asked for a value when the caller takes one, and `for await` over the input asks the caller for
 * one: neither side runs ahead of the other by more than a window of 256 small values.
 */
export function OnLeaderStream(pattern: Pattern): MethodDecorator {
  return LEADER_STREAM.handler(pattern);
}
