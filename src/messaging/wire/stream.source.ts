import { setImmediate } from 'node:timers/promises';
import { isObservable, Observable } from 'rxjs';

/** A source of many values. */
export type StreamSource<T = unknown> = Observable<T> | AsyncIterable<T> | Iterable<T>;

/** Holds a source back while the values of its stream cannot leave. */
export interface Backpressure {
  /** Resolves when another value can leave, and when the stream has ended; `undefined` where a value can leave at once. */
  whenFree(): Promise<void> | undefined;
}

/** Many values that a handler returns in place of one. */
export type Many = Observable<unknown> | AsyncIterable<unknown>;

export const NO_BACKPRESSURE: Backpressure = { whenFree: () => undefined };

/** False for texts, arrays and bytes: they can be iterated, but each is one value. */
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

/** Asks an iterable for its next value only when that can leave. An Observable emits when it likes. */
export function observe(source: StreamSource, backpressure: Backpressure): Observable<unknown> {
  if (isAsyncIterable(source)) return pulled(source, backpressure);
  return isObservable(source) ? source : pulled(awaited(source), backpressure);
}

/**
 * Values that are read in one tick of the event loop. A source that never waits would otherwise keep everything else
 * waiting, when its reader takes all values.
 */
const VALUES_PER_TICK = 256;

/** Reads a synchronous iterable as `for await` does. */
async function* awaited(source: Iterable<unknown>): AsyncGenerator {
  yield* source;
}

function pulled(source: AsyncIterable<unknown>, backpressure: Backpressure): Observable<unknown> {
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
          const free = backpressure.whenFree();
          if (free) await free;
          else if (++count % VALUES_PER_TICK === 0) await setImmediate();
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

/** Lets a generator run its `finally`. */
async function giveBack(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Its stream is over: no reader is left to get the error.
  }
}
