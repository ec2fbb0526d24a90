import { AsyncLocalStorage } from 'node:async_hooks';
import type { Term } from '../lock/index.js';

/** The term that the running code belongs to: what it puts is written under this term or not at all. */
export class TermScope {
  readonly #storage = new AsyncLocalStorage<Term>();

  run<R>(term: Term, call: () => R): R {
    return this.#storage.run(term, call);
  }

  get current(): Term | undefined {
    return this.#storage.getStore();
  }
}
