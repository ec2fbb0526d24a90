import { randomUUID } from 'node:crypto';
import { HedgeError } from '../errors/index.js';
import type { SurroundedMember } from '../hedge.surroundings.js';
import { MemoryNetwork } from './memory.network.js';
import { MemoryTables } from './memory.tables.js';
import { NEVER_LEADS, NOT_COMING } from './testing.messages.js';
import { TestTime } from './test.time.js';

/** ms of the group's time beyond a few leases, in which any change of leader is through. */
const PATIENCE = 30_000;

/**
 * ms after a change of leader in which all hear of it, and it gathers those that wait for locks: a spec need not wait for
 * that.
 */
const GATHERING = 1_000;

/** Where a member of the group stands. */
export interface GroupPlace {
  /** An app of the user's, and not another member that a spec has join. */
  readonly isApp: boolean;
  /** While it runs. */
  readonly member: SurroundedMember | undefined;
  readonly leads: boolean;
}

/** A member that a spec had join. */
interface OtherMember {
  leave(): Promise<void>;
}

/** The members of one group, all in this process, with the time, the tables and the network that they share. */
export class TestGroup<Other extends OtherMember = OtherMember> {
  readonly identity = randomUUID();
  readonly time: TestTime;
  readonly tables: MemoryTables;
  readonly network: MemoryNetwork;
  /** Members that a spec had join. */
  readonly others = new Set<Other>();
  readonly #places = new Set<GroupPlace>();
  #addresses = 0;

  constructor(
    start: number,
    /** ms */
    private readonly leaseDuration: number,
  ) {
    // So that they show just that when the app has started.
    this.time = new TestTime(start - GATHERING);
    this.tables = new MemoryTables(() => this.time.wall);
    this.network = new MemoryNetwork(this.time.touched);
  }

  nextAddress(): string {
    return `member-${++this.#addresses}:7000`;
  }

  entered(place: GroupPlace): void {
    this.#places.add(place);
    this.time.flow(place, false);
  }

  /** The members that a spec had join leave with the last app. */
  async left(place: GroupPlace): Promise<void> {
    this.#places.delete(place);
    if (place.isApp && ![...this.#places].some(({ isApp }) => isApp)) {
      await Promise.all([...this.others].map((other) => other.leave()));
    }
    this.time.end(place);
  }

  /** Resolves when this member leads, and all others know. */
  async elect(place: GroupPlace): Promise<void> {
    const { member } = place;
    if (!member) return;
    const { options, id } = member;
    if (!options.candidate) throw new HedgeError('INVALID_OPTIONS', NEVER_LEADS(id()));
    const isLeader = () => place.leads;
    await this.#until(isLeader, `The election of ${id()}`, () => this.#makeRoomFor(place));
    await this.time.advance(GATHERING);
  }

  /** Resolves when this member knows of a leader, be it itself. */
  async leaderKnown({ member }: GroupPlace): Promise<void> {
    if (!member || ![...this.#places].some((place) => place.member?.options.candidate)) return;
    const { view } = member.leader;
    const isKnown = () => view.current !== undefined || member.state.notRunning !== undefined;
    await this.#until(isKnown, 'The election of a leader', () => Promise.resolve());
    await this.time.advance(GATHERING);
  }

  async #makeRoomFor(place: GroupPlace): Promise<void> {
    const leader = [...this.#places].find((other) => other !== place && other.leads);
    await leader?.member?.leader.election.stepDown('stepped-down');
  }

  /** Lets time go on from one thing to the next until it is so. */
  async #until(isSo: () => boolean, what: string, prepare: () => Promise<void>): Promise<void> {
    const patience = PATIENCE + 3 * this.leaseDuration;
    const end = this.time.now + patience;
    await this.time.settle();
    while (!isSo()) {
      if (this.time.now > end) throw new HedgeError('TIMEOUT', NOT_COMING(what, patience));
      await prepare();
      await this.time.step();
    }
  }
}
