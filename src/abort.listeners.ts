const listeners = new WeakMap<AbortSignal, AbortListeners>();

/**
 * Calls `listener` when `signal` is aborted, until the function given back is called. However many listen, the signal
 * itself has one listener: Node warns of a leak from the eleventh on, and a signal may well cover a hundred calls.
 *
 * @internal
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  let all = listeners.get(signal);
  if (!all) listeners.set(signal, (all = new AbortListeners(signal)));
  return all.add(listener);
}

/**
 * Aborts `controller` with `signal` and for its reason, now or later, until the function given back is called. In place of
 * `AbortSignal.any()`: each of those is remembered by signals that live as long as the app.
 *
 * @internal
 */
export function abortWith(
  signal: AbortSignal | undefined,
  controller: AbortController,
): () => void {
  if (!signal) return () => undefined;
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  return onAbort(signal, abort);
}

class AbortListeners {
  readonly #listeners = new Set<() => void>();

  constructor(private readonly signal: AbortSignal) {}

  add(listener: () => void): () => void {
    if (this.#listeners.size === 0) this.signal.addEventListener('abort', this.#callAll);
    this.#listeners.add(listener);
    return () => this.#remove(listener);
  }

  #remove(listener: () => void): void {
    this.#listeners.delete(listener);
    // Node keeps a signal of AbortSignal.any() in memory for as long as anything listens to it.
    if (this.#listeners.size === 0) this.signal.removeEventListener('abort', this.#callAll);
  }

  readonly #callAll = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
