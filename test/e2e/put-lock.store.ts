import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../src/errors/index.js';
import type { Mutation, StoreCall } from '../../src/store/index.js';
import { FaultyStore } from '../support/stores/faulty.store.js';

/** A store whose commits can be held up on their way: whoever sent them gives up, and they arrive all the same. */
export class HeldUpStore extends FaultyStore {
  #held: (() => Promise<unknown>)[] | undefined;
  /** The commits that have left and not arrived. */
  readonly onTheirWay: (readonly Mutation[])[] = [];

  /** From now on nothing arrives. */
  holdUp(): void {
    this.#held = [];
  }

  /** Lets everything arrive that is on its way, and what comes after it. */
  async release(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const commit of held) await commit().catch(() => undefined);
  }

  override async commit(mutations: readonly Mutation[], call: StoreCall): Promise<bigint> {
    if (!this.#held) return super.commit(mutations, call);
    this.onTheirWay.push(mutations);
    this.#held.push(() => super.commit(mutations, { timeout: 10_000 }));
    await delay(call.timeout, undefined, { signal: call.signal }).catch(() => undefined);
    throw new StoreError('unavailable', 'No answer in time, by the test');
  }
}
