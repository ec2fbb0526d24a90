import { Observable } from 'rxjs';
import { StreamReader } from './stream.reader.js';

/**
 * Many values from another member, to subscribe to or to iterate. `for await` reads at its own pace and slows the other
 * side down to it: the next value is asked for when the loop is through with the last. Leaving the loop ends the stream.
 *
 * A subscriber is taken to be through with a value when its `next` returns. Operators that queue (`concatMap`,
 * `mergeMap`, `delay`) return at once, so the other side does not see their queue: it grows in this process. Where work
 * is slow, use `for await`.
 */
export class HedgeStream<T> extends Observable<T> implements AsyncIterable<T> {
  /** @internal @param open Called for every consumer. */
  constructor(private readonly open: () => StreamReader<T>) {
    super((subscriber) => {
      const reader = open();
      reader.pushTo(subscriber);
      return () => reader.cancel();
    });
  }

  /** For `for await`: each loop opens a stream of its own. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return this.open().iterate();
  }

  /** @internal A stream of one value that is here already. */
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
