import { beforeEach, describe, expect, it } from 'vitest';
import { ModelStore } from '../../test/support/simulated/model.store.js';
import { SeededRandom } from '../../test/support/simulated/seeded.random.js';
import { MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { SingleFile, SingleFileStore } from '../../test/support/simulated/single-file.store.js';
import { VirtualTime } from '../../test/support/time/virtual.clock.js';
import { Election, LeaderView } from '../leader/index.js';
import { namedLock } from '../lock/index.js';
import type { LeaderClient } from '../request/index.js';
import { QueueLine } from './queue.line.js';

const LEASE = 2_000;
/** ms until others may take over from a session that was renewed just now. */
const LEASE_FOR_OTHERS = LEASE + 300;
const CONTENDERS_EACH = 3;

/** A member that contends for locks of its own, so that only the store makes any two of them meet. */
class ContendingMember {
  readonly view: LeaderView;
  readonly rooms: MemberRooms;
  readonly election: Election;
  #isAlive = true;

  constructor(
    readonly index: number,
    time: VirtualTime,
    file: SingleFile,
    random: SeededRandom,
    client: LeaderClient,
  ) {
    const address = `m${index}:1`;
    let view: LeaderView | undefined;
    this.rooms = new MemberRooms({
      leaseDuration: LEASE,
      address,
      time,
      model: file.model,
      random: random.next,
      store: (clock) => new SingleFileStore(file, clock),
      line: (clock) => new QueueLine(client, (view = new LeaderView(clock)), clock),
    });
    this.view = view!;
    const { group, store, acquirer, releaser, clock, logger } = this.rooms;
    const id = () => address;
    this.election = new Election({
      options: { group, id, leaseDuration: LEASE, candidate: true, rank: () => index },
      store,
      acquirer,
      releaser,
      view: this.view,
      clock,
      logger: logger.asLogger,
      listener: SILENT,
      random: random.next,
    });
  }

  start(): void {
    this.election.start();
    for (let n = 0; n < CONTENDERS_EACH; n++) void this.#contend(`m${this.index}-${n}`);
  }

  kill(): void {
    this.#isAlive = false;
    this.rooms.clock.kill();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Takes the lock and gives it back, again and again. */
  async #contend(name: string): Promise<void> {
    const { memberLocks, group } = this.rooms;
    const lock = namedLock(group, name);
    while (this.#isAlive) {
      const term = await memberLocks.acquire(lock, { timeout: 600_000 });
      await memberLocks.release(term);
    }
  }
}

/** In place of the leader's line: no waiter gets a turn, and all are cut off when the leader dies. */
class SilentLeader implements Pick<LeaderClient, 'request' | 'requestCurrent'> {
  readonly #open = new Set<(answer: undefined) => void>();
  #isGone = false;

  async request(): Promise<undefined> {}

  async requestCurrent(): Promise<undefined> {
    if (!this.#isGone) await new Promise<undefined>((resolve) => this.#open.add(resolve));
  }

  die(): void {
    this.#isGone = true;
    for (const resolve of this.#open) resolve(undefined);
  }
}

const SILENT = {
  gained: () => undefined,
  lost: async () => undefined,
  released: async () => undefined,
};

// Seeds, for one lucky draw shows nothing.
describe.each([1, 2, 3, 4, 5])('ten members that contend from the start, seed %i', (seed) => {
  let time: VirtualTime;
  let file: SingleFile;
  let members: ContendingMember[];
  let leader: SilentLeader;

  beforeEach(() => {
    time = new VirtualTime();
    const random = new SeededRandom(seed);
    file = new SingleFile(new ModelStore({ time }), random);
    leader = new SilentLeader();
    const client = leader as unknown as LeaderClient;
    members = Array.from(
      { length: 10 },
      (_, index) => new ContendingMember(index, time, file, random, client),
    );
    for (const member of members) member.start();
  });

  const leading = () => members.find((member) => member.isAlive && member.election.term);

  const isAgreed = () => {
    const token = leading()?.election.term?.token;
    const alive = members.filter((member) => member.isAlive);
    return token !== undefined && alive.every(({ view }) => view.current?.token === token);
  };

  /** @returns ms until all that live know of the same leader */
  async function agreed(most: number): Promise<number> {
    const from = time.now;
    while (!isAgreed() && time.now - from < most) await time.advance(5);
    return time.now - from;
  }

  it('elect a leader first', async () => {
    expect(await agreed(60_000)).toBeLessThan(1_000);
  });

  it('elect the next within a lease and half a second after a kill', async () => {
    await agreed(60_000);
    await time.advance(1_000);
    const killed = leading()!;
    killed.kill();
    leader.die();
    expect(await agreed(60_000)).toBeLessThan(LEASE_FOR_OTHERS + 500);
  });
});
