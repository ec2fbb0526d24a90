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

/** How long a handler runs, and in what. */
export interface HandlerBounds {
  /** Asked for only where the handler has more than one turn to it. Left out: whoever reads its values ends it. */
  signal?(): AbortSignal;
  /** Calls the method. Its values are later read, and left, in the same asynchronous context. */
  run<R>(fn: () => R): R;
  /** What an Observable ends with that the signal cut short. */
  cutShort(): Error;
  /** Holds an async iterable back while its values cannot leave. @default none */
  readonly backpressure?: Backpressure;
}

/**
 * Invokes a handler's method. An Observable of its, or an async iterable, which becomes one, runs no longer than anybody
 * waits for it: it is unsubscribed when the signal aborts.
 */
export function invokeBounded(invoke: () => unknown, bounds: HandlerBounds): unknown {
  const result = bounds.run(invoke);
  if (isMany(result)) return cutBy(result, bounds);
  if (!(result instanceof Promise)) return result;
  return result.then((value: unknown) => (isMany(value) ? cutBy(value, bounds) : value));
}

/** The handler's last value is the reply, and it runs until then: a shutdown waits for it. */
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
    const left = new Subject<void>();
    // Whoever leaves has a context of its own, and a `finally` or a teardown belongs to the handler.
    subscriber.add(() => scope.runInAsyncScope(() => left.next()));
    scope.runInAsyncScope(() => {
      source.pipe(takeUntil(left)).subscribe({
        next: (value) => subscriber.next(value),
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
  });
}
