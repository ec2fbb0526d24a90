import type { Schedule } from '../schedule.js';
import { LEASE } from '../settings.js';
import type { SimulatedMember } from '../cluster/simulated.member.js';
import { violated } from './violation.js';

/** ms past its timeout after which an answer is overdue: two batches whose commit and whose look hang, one after the other. */
const SLACK = 2 * (LEASE / 2 + 2_000) + 1_000;

/** ms after which every answer is there: the app sets no timeout over 3 s. */
export const LONGEST_ANSWER = SLACK + 3_000;

interface Question {
  readonly member: SimulatedMember;
  readonly what: string;
}

/** Each promise is to be settled some time after its timeout (invariant 7). */
export class AnswerWatch {
  readonly #open = new Set<Question>();

  constructor(
    private readonly schedule: Schedule,
    /** ms for which members were paused so far. */
    private readonly pausedFor: () => number,
  ) {}

  /** @returns to be called when the answer is there */
  expect(member: SimulatedMember, what: string, timeout: number): () => void {
    const { time } = this.schedule;
    const question = { member, what };
    const begun = time.now;
    this.#open.add(question);
    return () => {
      this.#open.delete(question);
      const took = time.now - begun;
      if (took > timeout * 1.02 + SLACK + this.pausedFor()) {
        this.schedule.fail(new Error(`${what} took ${took} ms with a timeout of ${timeout}`));
      }
    };
  }

  /** At the end: nothing is still open but on members that have crashed. */
  check(crashed: readonly SimulatedMember[]): void {
    const addresses = new Set(crashed.map(({ id }) => id));
    for (const { member, what } of this.#open) {
      if (!addresses.has(member.id)) violated(7, `never settled: ${member.id}: ${what}`);
    }
  }
}
