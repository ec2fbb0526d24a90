import type { TermListener } from '../leader/index.js';
import type { Term } from '../lock/index.js';
import { settledWithin } from '../time/index.js';
import { BoundTerms } from './bound.terms.js';
import { GroupCommit, type CommitParts } from './group.commit.js';

/** ms: a slower commit does not keep the group waiting, as after the release it fails on the fence. */
const LAST_COMMIT_TIMEOUT = 500;

/** The writers of this member's terms: none of them writes after its terms. */
export class TermCommits implements TermListener {
  /** By the two terms that an entry is bound to; most entries have one, which stands for both. */
  readonly #commits = new WeakMap<Term, WeakMap<Term, GroupCommit>>();

  constructor(private readonly parts: CommitParts) {}

  /** Lets the last commit land before the fence goes. Entries that miss it are put again at the next leader. */
  async ended(term: Term): Promise<void> {
    const commit = this.#commits.get(term)?.get(term);
    if (!commit || !term.session.isStanding()) return;
    await settledWithin(this.parts.clock, LAST_COMMIT_TIMEOUT, commit.lastCommit());
  }

  /** The writer for entries that are bound to one term, or to two. */
  of(term: Term, other = term): GroupCommit {
    const known = this.#commits.get(term)?.get(other);
    if (known) return known;
    const bound = new BoundTerms(other === term ? [term] : [term, other]);
    const made = new GroupCommit(bound, this.parts);
    const commits = this.#commits.get(term) ?? new WeakMap<Term, GroupCommit>();
    this.#commits.set(term, commits.set(other, made));
    return made;
  }
}
