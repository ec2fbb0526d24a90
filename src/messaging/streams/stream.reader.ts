import { AsyncResource } from 'node:async_hooks';
import type { Subscriber } from 'rxjs';
import { GRANT_BATCH } from '../wire/stream.credit.js';
import { PullingTaker, type Arrived, type StreamFailure, type Taker } from './stream.taker.js';

/** The receiving half of a stream. It has one consumer, who subscribes or iterates. */
export class StreamReader<T = unknown> {
  /** What has arrived and was not taken yet. */
  #queue: Arrived<T>[] = [];
  #taker: Taker<T> | undefined;
  #grant: ((units: number) => void) | undefined;
  /** What the sender may still send. */
  #credit = 0;
  /** Consumed, and not yet granted anew. */
  #consumed = 0;
  #isOver = false;
  #failure: StreamFailure;

  /** @param onOver Told once that nothing more will be received: it has ended, or its consumer left. */
  constructor(
    private readonly onOver: (isCancelled: boolean, failure?: StreamFailure) => void = () =>
      undefined,
  ) {}

  /** The sender has so much credit now, and `grant` gives it more. */
  open(credit: number, grant: (units: number) => void): void {
    this.#credit += credit;
    this.#grant = grant;
  }

  /** @returns false for what was sent without credit */
  receive(value: T, cost: number): boolean {
    if (this.#isOver) return true;
    if (this.#credit <= 0) return false;
    this.#credit -= cost;
    const arrived = { value, cost };
    if (this.#queue.length > 0 || !this.#taker?.take(arrived)) this.#queue.push(arrived);
    return true;
  }

  /** The sender has said all; what has arrived can still be taken. */
  end(failure?: StreamFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    if (this.#queue.length === 0) this.#taker?.end(failure);
    this.onOver(false, failure);
  }

  /** Ends at once: what has arrived and was not taken is dropped. */
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

  /** A value counts as consumed when `next()` of the subscriber returns. */
  pushTo(subscriber: Subscriber<T>): void {
    // Values arrive in the asynchronous context of a socket; whoever subscribed has one of its own.
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

  /** A value counts as consumed when the next one is asked for. */
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
