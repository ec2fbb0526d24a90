import type { MemberReports } from '../hedge.channels.js';
import type { TermListener } from '../leader/index.js';
import type { Term } from '../lock/index.js';
import { settledWithin, type Clock } from '../time/index.js';
import type { FencedCommitter } from '../session/index.js';
import { BoundTerms } from './bound.terms.js';
import type { CommitOutcomes } from './commit.outcomes.js';
import { GroupCommit } from './group.commit.js';

/** ms; a commit that takes longer is no reason to keep the group waiting: behind the release it fails on the fence. */
const LAST_COMMIT_TIMEOUT = 500;

/** The writers of the terms this member has: none writes past its own. */
export class TermCommits implements TermListener {
  /** By the two terms that an entry is bound to, which are mostly the same. */
  readonly #commits = new WeakMap<Term, WeakMap<Term, GroupCommit>>();

  constructor(
    private readonly committer: FencedCommitter,
    private readonly outcomes: CommitOutcomes,
    private readonly clock: Clock,
    private readonly leaseDuration: number,
    private readonly reports: MemberReports,
  ) {}

  /** Lets the last commit land before the fence goes; what did not make it is put again with the next leader. */
  async ended(term: Term): Promise<void> {
    const commit = this.#commits.get(term)?.get(term);
    if (!commit || !term.session.isStanding()) return;
    await settledWithin(this.clock, LAST_COMMIT_TIMEOUT, commit.lastCommit());
  }

  /** The writer for what is bound to a term and, where another is given, to that as well. */
  of(term: Term, other = term): GroupCommit {
    const known = this.#commits.get(term)?.get(other);
    if (known) return known;
    const bound = new BoundTerms(other === term ? [term] : [term, other]);
    const { committer, outcomes, clock, leaseDuration, reports } = this;
    const made = new GroupCommit(bound, committer, outcomes, clock, leaseDuration, reports);
    const commits = this.#commits.get(term) ?? new WeakMap<Term, GroupCommit>();
    this.#commits.set(term, commits.set(other, made));
    return made;
  }
}
