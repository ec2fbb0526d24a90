import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { onAbort } from '../../abort.listeners.js';
import { StoreError } from '../../errors/index.js';
import { LONGEST_TIMER } from '../../time/index.js';
import type { StoreCall } from '../hedge.store.js';
import { BUSY_TOO_LONG, GIVEN_UP } from './sqlite.messages.js';

/**
 * Runs calls one after the other, each in its own tick of the event loop. Urgent calls go first, all others run in the
 * order in which they came. Calls are synchronous, and each may wait for another process: several of them in a single
 * tick would stop sockets and timers for the sum of their waits.
 */
export class SerialCalls {
  #last: Promise<void> = Promise.resolve();
  readonly #urgent: (() => void)[] = [];

  /** Rejects when the call's time is up or its signal aborts before its tick comes. */
  run<T>(call: StoreCall, work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let isOver = false;
      const finish = () => {
        isOver = true;
        clearTimeout(timer);
        unlisten?.();
      };
      const drop = (error: StoreError) => {
        finish();
        reject(error);
      };
      const timer = setTimeout(
        () => drop(new StoreError('unavailable', BUSY_TOO_LONG(call.timeout))),
        Math.min(call.timeout, LONGEST_TIMER),
      );
      const { signal } = call;
      // An aborted call does not wait for the calls before it.
      const unlisten =
        signal &&
        onAbort(signal, () => drop(new StoreError('given-up', GIVEN_UP, { cause: signal.reason })));
      const runNow = () => {
        if (isOver) return;
        finish();
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      if (call.isUrgent) this.#urgent.push(runNow);
      this.#last = this.#inNextTick(this.#last, call.isUrgent ? nothing : runNow);
    });
  }

  async #inNextTick(previous: Promise<void>, work: () => void): Promise<void> {
    await previous;
    await nextTick();
    for (let urgent = this.#urgent.shift(); urgent; urgent = this.#urgent.shift()) {
      urgent();
      await nextTick();
    }
    work();
  }
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** An urgent call runs in the tick of the call before it. */
function nothing(): void {}
