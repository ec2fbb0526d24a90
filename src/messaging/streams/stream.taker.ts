/** Why a stream ended before its time. @internal */
export type StreamFailure = { readonly error: unknown } | undefined;

export interface ArrivedValue<T> {
  readonly value: T;
  readonly cost: number;
}

/** Takes the values that arrive. */
export interface Taker<T> {
  /** @returns false when it takes no value now */
  take(arrived: ArrivedValue<T>): boolean;
  /** All values have been taken. */
  end(failure: StreamFailure): void;
}

interface Waiter<T> {
  readonly resolve: (step: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Takes a value for each `next()`. */
export class PullingTaker<T> implements Taker<T> {
  readonly #waiters: Waiter<T>[] = [];
  /** The cost of the values that the loop works on. */
  #inHand = 0;
  #end: { failure: StreamFailure } | undefined;

  constructor(private readonly consumed: (cost: number) => void) {}

  take({ value, cost }: ArrivedValue<T>): boolean {
    const waiter = this.#waiters.shift();
    if (!waiter) return false;
    this.#inHand += cost;
    waiter.resolve({ done: false, value });
    return true;
  }

  end(failure: StreamFailure): void {
    this.#end = { failure };
    for (const waiter of this.#waiters.splice(0)) this.#settle(waiter);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const done = this.#inHand;
    this.#inHand = 0;
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#end) this.#settle(waiter);
      else this.#waiters.push(waiter);
      if (done > 0) this.consumed(done);
    });
  }

  /** The first waiter after a failure gets the error. */
  #settle({ resolve, reject }: Waiter<T>): void {
    const failure = this.#end?.failure;
    this.#end = { failure: undefined };
    if (failure) reject(failure.error);
    else resolve({ done: true, value: undefined });
  }
}
