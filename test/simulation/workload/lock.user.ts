import { HedgeError } from '../../../src/errors/index.js';
import type { Resource, Term } from '../../../src/lock/index.js';
import type { AnswerWatch } from '../invariants/answer.watch.js';
import type { Schedule } from '../schedule.js';
import type { SimulatedMember } from '../cluster/simulated.member.js';

/** The codes of a lock that was not had in time, or that its caller gave up. */
const EXPECTED = ['ABORTED', 'TIMEOUT', 'LIMIT_MISMATCH'];

/** Takes locks and permits, and gives them back. */
export class LockUser {
  constructor(
    private readonly schedule: Schedule,
    private readonly answers: AnswerWatch,
    /** Told of each lock and permit that is had. */
    private readonly began: (term: Term) => void,
  ) {}

  /**
   * @param longest ms of use at most
   * @returns whether it could be had
   */
  async use(
    member: SimulatedMember,
    resource: Resource,
    timeout: number,
    longest: number,
  ): Promise<boolean> {
    member.lockUsers++;
    try {
      const term = await this.acquire(member, resource, timeout);
      if (!term) return false;
      await new Promise<void>((resolve) => {
        member.clock.after(this.schedule.random.between(0, longest), resolve);
      });
      await member.releaser.release(term, 'released');
      return true;
    } finally {
      member.lockUsers--;
    }
  }

  /** Now and then its caller gives up early. @returns `undefined` when it could not be had */
  async acquire(
    member: SimulatedMember,
    resource: Resource,
    timeout: number,
  ): Promise<Term | undefined> {
    const { random } = this.schedule;
    const giveUp = new AbortController();
    if (random.chance(0.3)) {
      member.clock.after(random.between(0, 60), () => giveUp.abort());
    }
    const answered = this.answers.expect(member, `acquire ${resource.row}`, timeout);
    try {
      const outcome = await member.acquirer.acquire(resource, { timeout, signal: giveUp.signal });
      answered();
      if (outcome.kind === 'held') return undefined;
      this.began(outcome.term);
      return outcome.term;
    } catch (error) {
      answered();
      const code = error instanceof HedgeError ? error.code : '';
      if (!EXPECTED.includes(code)) this.schedule.fail(error);
      return undefined;
    }
  }
}
