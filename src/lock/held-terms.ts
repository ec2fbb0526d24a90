import type { Resource } from './resource.js';
import type { Term } from './term.js';

/** The terms of locks that began on this member. */
export class HeldTerms {
  readonly #terms = new Map<string, Term>();
  readonly #own = new WeakSet<Term>();

  add(term: Term): void {
    this.#own.add(term);
    if (term.signal.aborted) return;
    this.#terms.set(term.resource.row, term);
    term.signal.addEventListener('abort', () => {
      if (this.#terms.get(term.resource.row) === term) this.#terms.delete(term.resource.row);
    });
  }

  /** Whether the term began on this member, even if it is over. */
  has(term: Term): boolean {
    return this.#own.has(term);
  }

  /** The term that holds this lock now. Compares clocks at the call. */
  of(lock: Resource): Term | undefined {
    const term = this.#terms.get(lock.row);
    return term?.isHeld() ? term : undefined;
  }
}
