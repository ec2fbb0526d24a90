import type { TermListener } from '../leader/index.js';
import type { Term } from '../lock/index.js';
import { settledWithin, type Clock, type FencedCommitter } from '../session/index.js';
import type { CommitOutcomes } from './commit.outcomes.js';
import { GroupCommit } from './group.commit.js';

/** ms; a commit that takes longer is no reason to keep the group waiting: behind the release it fails on the fence. */
const LAST_COMMIT_TIMEOUT = 500;

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
    const commit = this.of(term);
    if (!commit || !term.session.isStanding()) return;
    await settledWithin(this.clock, LAST_COMMIT_TIMEOUT, commit.lastCommit());
  }

  of(term: Term): GroupCommit | undefined {
    return this.#commits.get(term);
  }
}
