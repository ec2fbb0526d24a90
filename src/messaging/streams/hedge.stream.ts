import { Observable } from 'rxjs';
import { StreamReader } from './stream.reader.js';

/**
 * Many values from another member, to subscribe to or to iterate. `for await` sets the pace of the other side: the loop
 * asks for the next value when it has finished with the last. Leaving the loop ends the stream.
 *
 * A subscriber has finished with a value when its `next` returns. Operators with a queue (`concatMap`, `mergeMap`,
 * `delay`) return at once, so the other side does not notice their queue, which grows in this process. Use `for await`
 * where work is slow.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Imports {
 *   @OnLeaderStream('imports.run')
 *   async *run(@Payload() rows: HedgeStream<{ id: string }>) {
 *     let count = 0;
 *     for await (const row of rows) yield { id: row.id, count: ++count };
 *   }
 * }
 * ```
 */
export class HedgeStream<T> extends Observable<T> implements AsyncIterable<T> {
  /** @internal @param open called for each consumer */
  constructor(private readonly open: () => StreamReader<T>) {
    super((subscriber) => {
      const reader = open();
      reader.pushTo(subscriber);
      return () => reader.cancel();
    });
  }

  /** Begins a `for await` loop. Each loop opens a stream of its own. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return this.open().iterate();
  }

  /** @internal A stream of one value that is known already. */
  static of<T>(value: T): HedgeStream<T> {
    return new HedgeStream(() => {
      const reader = new StreamReader<T>();
      reader.open(1, () => undefined);
      reader.receive(value, 1);
      reader.end();
      return reader;
    });
  }
}
