import type { CronState } from '../table/index.js';
import type { Term } from '../lock/index.js';
import { repeated, type FencedCommitter } from '../session/index.js';
import type { Clock } from '../time/index.js';
import type { Decision, LockRow, Mutation } from '../store/index.js';
import { decideClaim, decideEnd, type Claim, type ClaimAnswer } from './claim.decision.js';

/** What became of a claim: with what stood there before, where it is ours, and with what is in its way otherwise. */
export type ClaimOutcome =
  | { readonly isOurs: true; readonly before: CronState | undefined }
  | { readonly isOurs: false; readonly by?: CronState; readonly newerFormat?: number };

/** How many rows of crons one commit changes at the most. */
const MOST = 500;

interface Answered {
  readonly mutations: readonly Mutation[];
  readonly settle: () => void;
}

interface Question {
  readonly term: Term;
  readonly row: string;
  readonly asked: (rows: readonly LockRow[]) => Answered;
  readonly reject: (error: unknown) => void;
}

/**
 * Has the store say, once for the whole group, who runs a slot, and that the run has ended. Each is written together with
 * the rows of the term and of its session: nothing lands after the term. Each may be repeated, so a reply that is lost
 * costs a question more, never a run.
 *
 * Full hours are when many crons are due at once, and all their transactions would write the rows of one term, each in the
 * way of the others: so one is under way at a time, and takes along all that came during the one before.
 */
export class CronClaims {
  #waiting: Question[] = [];
  #isAsking = false;

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
      case 'newer':
        return { isOurs: false, newerFormat: answer.format };
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
    return new Promise<T>((resolve, reject) => {
      const asked = (rows: readonly LockRow[]): Answered => {
        const { result, mutations } = decide(rows.filter(({ name }) => name === row));
        return { mutations, settle: () => resolve(result) };
      };
      this.#waiting.push({ term, row, asked, reject });
      if (!this.#isAsking) void this.#askAll();
    });
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const { term } = next;
      const together = this.#waiting.filter((each) => each.term === term).slice(0, MOST);
      this.#waiting = this.#waiting.filter((each) => !together.includes(each));
      await this.#ask(term, together);
    }
    this.#isAsking = false;
  }

  /** Never rejects. */
  async #ask(term: Term, together: readonly Question[]): Promise<void> {
    const names = together.map(({ row }) => row);
    const decide = (rows: readonly LockRow[]): Decision<Answered[]> => {
      const result = together.map(({ asked }) => asked(rows));
      return { result, mutations: result.flatMap(({ mutations }) => mutations) };
    };
    const limits = { timeout: this.leaseDuration };
    const { session, signal } = term;
    try {
      const answers = await repeated(
        this.clock,
        limits,
        (call) => this.committer.transactOnce(session, { names }, decide, call, term),
        signal,
      );
      for (const { settle } of answers) settle();
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }
}
