import { AsyncResource } from 'node:async_hooks';
import { lastValueFrom, Observable, Subject, takeUntil } from 'rxjs';
import { onAbort } from '../abort.listeners.js';
import type { PipelinedHandler } from './handler.factory.js';
import {
  NO_BACKPRESSURE,
  isMany,
  observe,
  type Many,
  type Backpressure,
} from '../messaging/index.js';

/** How long a handler runs, and in which asynchronous context. */
export interface HandlerBounds {
  /** Ends the handler's Observable or iterable. Called only for those. Without it, the reader of the values ends them. */
  signal?(): AbortSignal;
  /** Calls the method. Its values are read, and its source is torn down, in the same asynchronous context. */
  run<R>(fn: () => R): R;
  /** The error of an Observable that the signal ends. */
  cutShort(): Error;
  /** Holds an async iterable back while its values cannot leave. @default none */
  readonly backpressure?: Backpressure;
}

/**
 * Invokes a handler's method. An Observable that it returns is unsubscribed when the signal aborts, because its caller waits
 * no longer. An async iterable becomes such an Observable.
 */
export function invokeBounded(invoke: () => unknown, bounds: HandlerBounds): unknown {
  const result = bounds.run(invoke);
  if (isMany(result)) return cutBy(result, bounds);
  if (!(result instanceof Promise)) return result;
  return result.then((value: unknown) => (isMany(value) ? cutBy(value, bounds) : value));
}

/** Gives the handler's last value, which is the reply. A shutdown waits for it. */
export async function lastReply(
  handler: PipelinedHandler,
  ...request: Parameters<PipelinedHandler>
): Promise<unknown> {
  return lastValueFrom(await handler(...request), { defaultValue: undefined });
}

function cutBy(many: Many, bounds: HandlerBounds): Observable<unknown> {
  const source = observe(many, bounds.backpressure ?? NO_BACKPRESSURE);
  const signal = bounds.signal?.();
  const scope = bounds.run(() => new AsyncResource('HedgeHandler'));
  return new Observable((subscriber) => {
    const stop = () => subscriber.error(bounds.cutShort());
    if (signal?.aborted) {
      stop();
      return;
    }
    if (signal) subscriber.add(onAbort(signal, stop));
    const unsubscribed = new Subject<void>();
    // The code that unsubscribes has a context of its own. A `finally` or a teardown belongs to that of the handler.
    subscriber.add(() => scope.runInAsyncScope(() => unsubscribed.next()));
    scope.runInAsyncScope(() => {
      source.pipe(takeUntil(unsubscribed)).subscribe({
        next: (value) => subscriber.next(value),
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
  });
}
