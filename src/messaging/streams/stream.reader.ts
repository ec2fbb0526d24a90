import { AsyncResource } from 'node:async_hooks';
import type { Subscriber } from 'rxjs';
import { GRANT_BATCH } from '../wire/credit.units.js';
import { PullingTaker, type ArrivedValue, type StreamFailure, type Taker } from './stream.taker.js';

/** The receiving half of a stream. It has one consumer, which subscribes or iterates. */
export class StreamReader<T = unknown> {
  /** Values that have arrived and were not taken yet. */
  #queue: ArrivedValue<T>[] = [];
  #taker: Taker<T> | undefined;
  #grant: ((units: number) => void) | undefined;
  /** Units that the sender may still send. */
  #credit = 0;
  /** Units that were consumed and not granted again yet. */
  #consumed = 0;
  #isOver = false;
  #failure: StreamFailure;

  /** @param onOver called once, when the stream has ended or its consumer has left */
  constructor(
    private readonly onOver: (isCancelled: boolean, failure?: StreamFailure) => void = () =>
      undefined,
  ) {}

  /** @param credit units that the sender has now @param grant gives the sender more units */
  open(credit: number, grant: (units: number) => void): void {
    this.#credit += credit;
    this.#grant = grant;
  }

  /** @returns false for a value that was sent without credit */
  receive(value: T, cost: number): boolean {
    if (this.#isOver) return true;
    if (this.#credit <= 0) return false;
    this.#credit -= cost;
    const arrived = { value, cost };
    if (this.#queue.length > 0 || !this.#taker?.take(arrived)) this.#queue.push(arrived);
    return true;
  }

  /** The sender has finished. Values that have arrived can still be taken. */
  end(failure?: StreamFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    if (this.#queue.length === 0) this.#taker?.end(failure);
    this.onOver(false, failure);
  }

  /** Ends at once: values that have arrived and were not taken are dropped. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#queue = [];
    this.end({ error });
  }

  /** The consumer has left. */
  cancel(): void {
    this.#queue = [];
    this.#taker?.end(undefined);
    if (this.#isOver) return;
    this.#isOver = true;
    this.onOver(true);
  }

  /** Gives values to a subscriber. A value is consumed when the subscriber's `next()` returns. */
  pushTo(subscriber: Subscriber<T>): void {
    // Values arrive in the asynchronous context of a socket, and the subscriber has a context of its own.
    const scope = new AsyncResource('HedgeStream');
    this.#give({
      take: ({ value, cost }) => {
        scope.runInAsyncScope(() => subscriber.next(value));
        this.#consume(cost);
        return true;
      },
      end: (failure) =>
        scope.runInAsyncScope(() => {
          if (failure) subscriber.error(failure.error);
          else subscriber.complete();
        }),
    });
  }

  /** Iterates. A value is consumed when the next one is asked for. */
  iterate(): AsyncIterableIterator<T, undefined> {
    const pull = new PullingTaker<T>((cost) => this.#consume(cost));
    this.#give(pull);
    return {
      next: () => {
        const step = pull.next();
        this.#offer();
        return step;
      },
      return: () => {
        this.cancel();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #give(taker: Taker<T>): void {
    this.#taker = taker;
    this.#offer();
    if (this.#isOver && this.#queue.length === 0) taker.end(this.#failure);
  }

  #offer(): void {
    while (this.#queue.length > 0 && this.#taker?.take(this.#queue[0])) {
      this.#queue.shift();
      if (this.#queue.length === 0 && this.#isOver) this.#taker.end(this.#failure);
    }
  }

  #consume(cost: number): void {
    if (this.#isOver) return;
    this.#consumed += cost;
    if (this.#consumed < GRANT_BATCH) return;
    const units = this.#consumed;
    this.#consumed = 0;
    this.#credit += units;
    this.#grant?.(units);
  }
}
