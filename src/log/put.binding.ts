import { HedgeError } from '../errors/index.js';
import type { TermScope } from '../leader/index.js';
import type { TermLifecycle } from '../leader/index.js';
import { Lock, type HeldTerms, type Term } from '../lock/index.js';
import type { GroupCommit } from './group.commit.js';
import { FOREIGN_LOCK, FOREIGN_TERM } from './log.messages.js';
import type { PutOptions } from './log.types.js';
import type { TermCommits } from './term.commits.js';

/** Finds the terms that a put is bound to: the terms that its options name, and the term that its caller runs in. */
export class PutBinding {
  constructor(
    private readonly commits: TermCommits,
    private readonly terms: TermLifecycle,
    private readonly held: HeldTerms,
    private readonly scope: TermScope,
  ) {}

  /**
   * @returns the writer for these terms; undefined when any leader may write the entry
   * @throws HedgeError `INVALID_ARGUMENT`
   */
  writerOf(options: PutOptions): GroupCommit | undefined {
    const term = this.#leaderTermOf(options);
    // `lock: undefined` is a lock that was not acquired: such a put must fail, not go without a lock.
    if ('lock' in options) return this.commits.of(this.#lockTermOf(options), term);
    return term && this.commits.of(term);
  }

  #lockTermOf({ lock }: PutOptions): Term {
    if (lock instanceof Lock && this.held.has(lock.term)) return lock.term;
    throw new HedgeError('INVALID_ARGUMENT', FOREIGN_LOCK(lock));
  }

  #leaderTermOf({ term: leadership }: PutOptions): Term | undefined {
    if (leadership === undefined) return this.scope.current;
    const term = this.terms.termOf(leadership);
    if (!term) throw new HedgeError('INVALID_ARGUMENT', FOREIGN_TERM);
    return term;
  }
}
