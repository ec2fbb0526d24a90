import { setImmediate as nextTurn } from 'node:timers/promises';
import { isObservable, Observable } from 'rxjs';

/** What many values can be read from. */
export type StreamSource<T = unknown> = Observable<T> | AsyncIterable<T> | Iterable<T>;

/** Where the values of a stream go: a place that may be full. */
export interface StreamRoom {
  /** Resolves once another value can leave; `undefined` where it can at once. Resolves too when the stream has ended. */
  free(): Promise<void> | undefined;
}

/** What a handler may return in place of one value. */
export type Many = Observable<unknown> | AsyncIterable<unknown>;

export const ALWAYS_ROOM: StreamRoom = { free: () => undefined };

/** Texts, arrays and bytes can be iterated, and are one value all the same. */
export function isStreamSource(value: unknown): value is StreamSource {
  if (typeof value !== 'object' || value === null) return false;
  if (isMany(value)) return true;
  return Symbol.iterator in value && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

export function isMany(value: unknown): value is Many {
  return isObservable(value) || isAsyncIterable(value);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** An iterable is asked for its next value only when there is room for it; what an Observable emits comes as it comes. */
export function observe(source: StreamSource, room: StreamRoom): Observable<unknown> {
  if (isAsyncIterable(source)) return pulled(source, room);
  return isObservable(source) ? source : pulled(awaited(source), room);
}

/**
 * Values read in a row before others get their turn of the event loop: a source that never waits, for a reader that takes
 * all, would else be all there is.
 */
const IN_A_TURN = 256;

/** As `for await` reads an iterable that is not asynchronous. */
async function* awaited(source: Iterable<unknown>): AsyncGenerator {
  yield* source;
}

function pulled(source: AsyncIterable<unknown>, room: StreamRoom): Observable<unknown> {
  return new Observable((subscriber) => {
    const iterator = source[Symbol.asyncIterator]();
    let isDone = false;
    let count = 0;
    subscriber.add(() => {
      if (!isDone) void giveBack(iterator);
    });
    const pull = async () => {
      try {
        while (!isDone) {
          const isFull = room.free();
          if (isFull) await isFull;
          else if (++count % IN_A_TURN === 0) await nextTurn();
          if (subscriber.closed) return;
          const step = await iterator.next();
          if (step.done) isDone = true;
          else subscriber.next(step.value);
        }
        subscriber.complete();
      } catch (error) {
        isDone = true;
        subscriber.error(error);
      }
    };
    void pull();
  });
}

/** Lets a generator run its `finally`. Nobody is left to be told that it failed in there. */
async function giveBack(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // See above.
  }
}
