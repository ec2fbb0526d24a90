import { randomUUID } from 'node:crypto';
import { HedgeError } from '../errors/index.js';
import type { SurroundedMember } from '../hedge.surroundings.js';
import { MemoryNetwork } from './memory.network.js';
import { MemoryTables } from './memory.tables.js';
import { NEVER_LEADS, NOT_COMING } from './testing.messages.js';
import { TestTime } from './test.time.js';

/** ms of the group's time. With a few leases on top, it is enough for any change of leader. */
const ELECTION_TIMEOUT = 30_000;

/**
 * ms after a change of leader. In this time all members learn of it, and the new leader gathers the waiters for locks.
 * A spec need not wait for that.
 */
const GATHERING = 1_000;

/** A member of the group, as the group sees it. */
export interface Participant {
  /** True for an app, false for another member that joined in the spec. */
  readonly isApp: boolean;
  /** The member, while it runs. */
  readonly member: SurroundedMember | undefined;
  readonly leads: boolean;
}

/** A member that joined in the spec. */
interface OtherMember {
  leave(): Promise<void>;
}

/** The members of a group in this process, with the time, the tables and the network that they share. */
export class TestGroup<Other extends OtherMember = OtherMember> {
  readonly identity = randomUUID();
  readonly time: TestTime;
  readonly tables: MemoryTables;
  readonly network: MemoryNetwork;
  /** Members that joined in the spec. */
  readonly others = new Set<Other>();
  readonly #participants = new Set<Participant>();
  #addresses = 0;

  constructor(
    start: number,
    /** ms */
    private readonly leaseDuration: number,
  ) {
    // The clocks then show `start` when the app has started.
    this.time = new TestTime(start - GATHERING);
    this.tables = new MemoryTables(() => this.time.wall);
    this.network = new MemoryNetwork(this.time.touched);
  }

  nextAddress(): string {
    return `member-${++this.#addresses}:7000`;
  }

  entered(participant: Participant): void {
    this.#participants.add(participant);
    this.time.flow(participant, false);
  }

  /** With the last app, the members that joined in the spec leave too. */
  async left(participant: Participant): Promise<void> {
    this.#participants.delete(participant);
    if (participant.isApp && ![...this.#participants].some(({ isApp }) => isApp)) {
      await Promise.all([...this.others].map((other) => other.leave()));
    }
    this.time.end(participant);
  }

  /** Resolves when this member leads and all others know it. */
  async elect(participant: Participant): Promise<void> {
    const { member } = participant;
    if (!member) return;
    const { options, id } = member;
    if (!options.candidate) throw new HedgeError('INVALID_OPTIONS', NEVER_LEADS(id()));
    const isLeader = () => participant.leads;
    await this.#until(isLeader, `The election of ${id()}`, () => this.#stepDownOthers(participant));
    await this.time.advance(GATHERING);
  }

  /** Resolves when this member knows a leader, which may be itself. */
  async leaderKnown({ member }: Participant): Promise<void> {
    const hasCandidate = [...this.#participants].some((each) => each.member?.options.candidate);
    if (!member || !hasCandidate) return;
    const { view } = member.leader;
    const isKnown = () => view.current !== undefined || member.state.notRunning !== undefined;
    await this.#until(isKnown, 'The election of a leader', () => Promise.resolve());
    await this.time.advance(GATHERING);
  }

  async #stepDownOthers(participant: Participant): Promise<void> {
    const leader = [...this.#participants].find((other) => other !== participant && other.leads);
    await leader?.member?.leader.election.stepDown('stepped-down');
  }

  /** Advances the time from event to event until `isSo()`. */
  async #until(isSo: () => boolean, what: string, prepare: () => Promise<void>): Promise<void> {
    const timeout = ELECTION_TIMEOUT + 3 * this.leaseDuration;
    const end = this.time.now + timeout;
    await this.time.settle();
    while (!isSo()) {
      if (this.time.now > end) throw new HedgeError('TIMEOUT', NOT_COMING(what, timeout));
      await prepare();
      await this.time.step();
    }
  }
}
