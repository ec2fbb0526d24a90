import { isObservable, lastValueFrom, Observable } from 'rxjs';
import { onAbort } from '../abort.listeners.js';
import type { PipelinedHandler } from './handler.factory.js';

/** How long a handler runs, and in what. */
export interface HandlerBounds {
  /** Asked for only where the handler has more than one turn to it. */
  signal(): AbortSignal;
  /** Calls the method, and later subscribes to its Observable: both in the same asynchronous context. */
  run<R>(fn: () => R): R;
  /** What an Observable ends with that the signal cut short. */
  cutShort(): Error;
}

/**
 * Invokes a handler's method. An Observable of its runs no longer than anybody waits for it: it is unsubscribed when
 * the signal aborts.
 */
export function invokeBounded(invoke: () => unknown, bounds: HandlerBounds): unknown {
  const result = bounds.run(invoke);
  if (isObservable(result)) return cutBy(result, bounds);
  if (!(result instanceof Promise)) return result;
  return result.then((value: unknown) => (isObservable(value) ? cutBy(value, bounds) : value));
}

/** The handler's last value is the reply, and it runs until then: a shutdown waits for it. */
export async function lastReply(
  handler: PipelinedHandler,
  ...request: Parameters<PipelinedHandler>
): Promise<unknown> {
  return lastValueFrom(await handler(...request), { defaultValue: undefined });
}

function cutBy(source: Observable<unknown>, bounds: HandlerBounds): Observable<unknown> {
  const signal = bounds.signal();
  return new Observable((subscriber) => {
    const stop = () => subscriber.error(bounds.cutShort());
    if (signal.aborted) {
      stop();
      return;
    }
    subscriber.add(onAbort(signal, stop));
    subscriber.add(bounds.run(() => source.subscribe(subscriber)));
  });
}
