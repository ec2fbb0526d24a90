import type { LockPlace } from './lock.rows.js';
import type { Term } from './term.js';

/** The terms that began in this process, by lock. What is over falls out when it is next looked at. */
export class HeldTerms {
  readonly #terms = new Map<string, Term>();

  add(term: Term): void {
    this.#terms.set(term.lock.row, term);
    term.signal.addEventListener('abort', () => {
      if (this.#terms.get(term.lock.row) === term) this.#terms.delete(term.lock.row);
    });
  }

  /** The term of this lock that is held now. Compares clocks at the call. */
  of(lock: LockPlace): Term | undefined {
    const term = this.#terms.get(lock.row);
    return term?.isHeld() ? term : undefined;
  }
}
