import type { TermListener } from '../leader/index.js';
import type { Term } from '../lock/index.js';
import type { Clock, FencedCommitter } from '../session/index.js';
import type { CommitOutcomes } from './commit.outcomes.js';
import { GroupCommit } from './group.commit.js';

/** The writer of each term: none writes past its own. */
export class TermCommits implements TermListener {
  readonly #commits = new WeakMap<Term, GroupCommit>();

  constructor(
    private readonly committer: FencedCommitter,
    private readonly outcomes: CommitOutcomes,
    private readonly clock: Clock,
    private readonly leaseDuration: number,
  ) {}

  began(term: Term): void {
    const { committer, outcomes, clock, leaseDuration } = this;
    this.#commits.set(term, new GroupCommit(term, committer, outcomes, clock, leaseDuration));
  }

  /** Lets the last commit land before the fence goes; what did not make it is put again with the next leader. */
  async ended(term: Term): Promise<void> {
    if (term.session.isStanding()) await this.of(term)?.lastCommit();
  }

  of(term: Term): GroupCommit | undefined {
    return this.#commits.get(term);
  }
}
