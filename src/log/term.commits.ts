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

  /** What was sent is settled before the lock is given back, and nothing more is sent. */
  async ended(term: Term): Promise<void> {
    // Past the deadline only the next holder's acquire settles what is left: nobody waits for that here.
    if (term.session.isStanding()) await this.of(term)?.drained();
  }

  of(term: Term): GroupCommit | undefined {
    return this.#commits.get(term);
  }
}
