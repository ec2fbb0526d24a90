import type { Term } from '../lock/index.js';
import { repeated, type Clock, type FencedCommitter } from '../session/index.js';
import type { Decision, LockRow } from '../store/index.js';
import { decideClaim, decideEnd, type Claim, type ClaimAnswer } from './claim.decision.js';
import type { CronState } from '../lock/index.js';

/** What became of a claim: with what stood there before, where it is ours. */
export type ClaimOutcome =
  | { readonly isOurs: true; readonly before: CronState | undefined }
  | { readonly isOurs: false; readonly by?: CronState };

/**
 * Has the store say, once for the whole group, who runs a slot, and that the run has ended. Each is written together with
 * the rows of the term and of its session: nothing lands after the term. Each may be repeated, so a reply that is lost
 * costs a question more, never a run.
 */
export class CronClaims {
  constructor(
    private readonly committer: FencedCommitter,
    private readonly clock: Clock,
    /** ms */
    private readonly leaseDuration: number,
  ) {}

  /** @throws the last failure, where the store did not answer for a lease; the signal's reason once the term is over */
  async claim(term: Term, claim: Claim): Promise<ClaimOutcome> {
    // Of the attempt that landed, whose reply may be the one that was lost.
    let before: CronState | undefined;
    const answer = await this.#transact<ClaimAnswer>(term, claim, (rows) => {
      const decision = decideClaim(claim, rows);
      if (decision.result.kind === 'claimed') ({ before } = decision.result);
      return decision;
    });
    switch (answer.kind) {
      case 'claimed':
      case 'mine':
        return { isOurs: true, before };
      case 'taken':
        return { isOurs: false, by: answer.by };
      case 'begun':
        return { isOurs: false };
    }
  }

  /** @throws as {@link claim} */
  async end(term: Term, claim: Claim): Promise<void> {
    await this.#transact(term, claim, (rows) => decideEnd(claim, rows));
  }

  #transact<T>(
    term: Term,
    { row }: Claim,
    decide: (rows: readonly LockRow[]) => Decision<T>,
  ): Promise<T> {
    const limits = { timeout: this.leaseDuration };
    return repeated(
      this.clock,
      limits,
      (call) => this.committer.transactOnce(term.session, { names: [row] }, decide, call, term),
      term.signal,
    );
  }
}
