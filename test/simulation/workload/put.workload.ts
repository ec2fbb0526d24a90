import { HedgeError } from '../../../src/errors/index.js';
import type { SimulatedCluster } from '../cluster/simulated.cluster.js';
import type { AnswerWatch } from '../invariants/answer.watch.js';
import type { PutLedger } from '../invariants/put.ledger.js';
import type { Schedule } from '../schedule.js';
import type { SimulatedMember } from '../cluster/simulated.member.js';

/** What the app puts into the log. */
export class PutWorkload {
  #isOver = false;

  constructor(
    private readonly schedule: Schedule,
    private readonly cluster: SimulatedCluster,
    private readonly ledger: PutLedger,
    private readonly answers: AnswerWatch,
  ) {}

  begin(): void {
    for (const key of ['x', 'y']) void this.#putInTurn(key);
    void this.#putAtOnce('z');
  }

  end(): void {
    this.#isOver = true;
  }

  /** Each put begins when the one before was answered. */
  async #putInTurn(key: string): Promise<void> {
    const { random, time } = this.schedule;
    let last: string | undefined;
    while (!this.#isOver) {
      await time.sleep(random.between(1, 120));
      const id = this.ledger.begin(key, last);
      if (await this.#put(id, key)) last = id;
    }
  }

  async #putAtOnce(key: string): Promise<void> {
    const { random, time } = this.schedule;
    while (!this.#isOver) {
      await time.sleep(random.between(1, 400));
      const count = random.pick([1, 2, 5]);
      for (let at = 0; at < count; at++) void this.#put(this.ledger.begin(key), key);
    }
  }

  /** Tries for a while, under the same id, on the member that leads. @returns whether it was acknowledged */
  async #put(id: string, key: string): Promise<boolean> {
    const { random, time } = this.schedule;
    const until = time.now + random.between(100, 3_000);
    while (time.now < until) {
      const member = this.cluster.leader;
      if (member) {
        const timeout = Math.max(1, until - time.now);
        const twice = random.chance(0.1) ? this.#append(member, id, key, timeout) : undefined;
        const answer = await this.#append(member, id, key, timeout);
        await twice;
        if (answer === 'acknowledged') return true;
        if (random.chance(answer === 'NOT_LEADER' ? 0.1 : 0.4)) return false;
      }
      await time.sleep(random.between(5, 100));
    }
    return false;
  }

  /** One attempt on one member, as far as its caller will ever know. */
  #append(member: SimulatedMember, id: string, key: string, timeout: number): Promise<string> {
    return new Promise((resolve) => {
      // A caller elsewhere waits no longer than this.
      const waiting = this.schedule.time.in(timeout + 50, () => resolve('unknown'));
      this.ledger.asked(id);
      member.clock.deliver(() => {
        const answered = this.answers.expect(member, `append ${id}`, timeout);
        const settle = (record: () => string) =>
          this.schedule.guard(() => {
            answered();
            waiting.cancel();
            resolve(record());
          });
        member.append({ id, key, value: '' }, timeout).then(
          (timestamp) => settle(() => this.#acknowledged(id, timestamp)),
          (error: unknown) => settle(() => this.#rejected(id, error)),
        );
      });
    });
  }

  #acknowledged(id: string, timestamp: bigint): string {
    this.ledger.acknowledge(id, timestamp);
    return 'acknowledged';
  }

  #rejected(id: string, error: unknown): string {
    const code = error instanceof HedgeError ? error.code : String(error);
    this.ledger.rejected(id, code);
    return code;
  }
}
