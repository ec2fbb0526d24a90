import { AsyncLocalStorage } from 'node:async_hooks';
import type { Term } from '../lock/index.js';

/** Knows the term that the running code belongs to: an entry that the code puts is written in this term, or never. */
export class TermScope {
  readonly #storage = new AsyncLocalStorage<Term>();

  run<R>(term: Term, call: () => R): R {
    return this.#storage.run(term, call);
  }

  get current(): Term | undefined {
    return this.#storage.getStore();
  }
}
