import { HedgeError } from '../errors/index.js';
import type {
  LifeStage,
  Recurring,
  SurroundedMember,
  Surroundings,
} from '../hedge.surroundings.js';
import { MemoryEndpoint } from './memory.network.js';
import { MemoryStore } from './memory.store.js';
import type { Participant, TestGroup } from './test.group.js';
import { TestCrons } from './test.crons.js';
import { TestClock } from './test.time.js';
import { TWO_APPS } from './testing.messages.js';

/** The clock, network and store of a member in a spec. */
export class TestSurroundings implements Surroundings, Participant {
  readonly clock: TestClock;
  readonly network: MemoryEndpoint;
  readonly store: MemoryStore;
  readonly crons: TestCrons;
  #member: SurroundedMember | undefined;

  constructor(
    private readonly group: TestGroup,
    /** True for an app, false for another member that joined in the spec. */
    readonly isApp: boolean,
    /** Runs before the member takes part. */
    private readonly prepare?: () => Promise<unknown>,
  ) {
    this.clock = new TestClock(group.time);
    this.crons = new TestCrons(group.time, this.clock);
    this.network = new MemoryEndpoint(group.network);
    this.store = new MemoryStore(group.tables, group.identity, group.time.touched);
  }

  /** The member, while it runs. */
  get member(): SurroundedMember | undefined {
    return this.#member;
  }

  get leads(): boolean {
    return this.#member?.leader.election.term !== undefined;
  }

  recur(what: Recurring): void {
    this.crons.add(what);
  }

  async reached(stage: LifeStage, member: SurroundedMember): Promise<void> {
    if (stage === 'starting') return this.#start(member);
    // A second app got the same options, and was refused.
    if (member !== this.#member) return;
    if (stage === 'started') {
      await this.group.leaderKnown(this);
      return this.crons.start();
    }
    // Handlers and hooks get as much time as in production.
    if (stage === 'leaving') return this.group.time.flow(this, true);
    this.#member = undefined;
    this.crons.clear();
    await this.group.left(this);
  }

  /** Ends everything of the member at once, as when its process is killed. */
  crash(): void {
    this.clock.stop();
    this.store.stop();
    this.network.cut();
    this.#member = undefined;
    void this.group.left(this);
  }

  async #start(member: SurroundedMember): Promise<void> {
    if (this.#member) throw new HedgeError('INVALID_OPTIONS', TWO_APPS);
    this.#member = member;
    this.group.entered(this);
    await this.prepare?.();
  }
}
