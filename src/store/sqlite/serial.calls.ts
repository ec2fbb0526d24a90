import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { onAbort } from '../../abort.listeners.js';
import { StoreError } from '../../errors/index.js';
import { LONGEST_TIMER } from '../../time/index.js';
import type { StoreCall } from '../hedge.store.js';
import { BUSY_TOO_LONG, GIVEN_UP } from './sqlite.messages.js';

/**
 * Gives each call a turn of the event loop to itself, first come, first served, and what is urgent before all others. Calls
 * are synchronous: many in a row, each waiting for another process, would otherwise hold up sockets and timers for as long
 * as all of them together, and a caller that always has one more would never let them run.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();
  readonly #urgent: (() => void)[] = [];

  take<T>(call: StoreCall, work: () => T): Promise<T> {
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
      // Whoever gave up does not wait for the calls that came before.
      const unlisten =
        signal &&
        onAbort(signal, () => drop(new StoreError('given-up', GIVEN_UP, { cause: signal.reason })));
      const turn = () => {
        if (isOver) return;
        finish();
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      if (call.isUrgent) this.#urgent.push(turn);
      this.#last = this.#inNextTurn(this.#last, call.isUrgent ? nothing : turn);
    });
  }

  async #inNextTurn(previous: Promise<void>, work: () => void): Promise<void> {
    await previous;
    await nextTurn();
    for (let urgent = this.#urgent.shift(); urgent; urgent = this.#urgent.shift()) {
      urgent();
      await nextTurn();
    }
    work();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Its turn was somebody else's. */
function nothing(): void {}
