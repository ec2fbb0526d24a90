import { Subscription } from 'rxjs';
import { HedgeError } from '../../src/errors/index.js';
import { groupLock, namedLock, type Place, type Term } from '../../src/lock/index.js';
import type { ListChange, MemberInfo } from '../../src/membership/index.js';
import { marginOf } from '../../src/session/lease.js';
import { permitPlace } from '../../src/semaphore/index.js';
import { sessionPrefix } from '../../src/table/index.js';
import type { Mutation } from '../../src/store/index.js';
import { VirtualClock, VirtualTime, settled } from '../support/virtual-clock.js';
import { FaultyConnection, type Fate } from './faulty.connection.js';
import { checkLockRows, HoldingWitness } from './holding.witness.js';
import { ModelStore } from './model.store.js';
import type { Mutant } from './mutants.js';
import { PutLedger } from './put.ledger.js';
import { SeededRandom } from './seeded.random.js';
import { SimulatedMember } from './simulated.member.js';
import { SimulatedMesh } from './simulated.mesh.js';
import { violated } from './violation.js';
import { climateOf, Weather } from './weather.js';

const GROUP = 'sim';
const LEASE = 1_000;
const LOCKS = ['a', 'b'].map((name) => namedLock(GROUP, name));
/** ms in which the group has a leader, and a lock can be had, once nothing is in the way and what was held has expired. */
const SLACK = 1_500;
/** ms in which all lists agree once nothing is in the way: silence is noticed after 4 to 4.5 s, twice at the most. */
const LISTS_SLACK = 10_000;
/** ms for which a lock is used at the most. */
const MOST_USE = 2_500;
/** ms past its timeout after which an answer is overdue: two batches whose commit and whose look hang, one after the other. */
const ANSWER_SLACK = 2 * (LEASE / 2 + 2_000) + 1_000;

export interface ScheduleReport {
  readonly seed: number;
  readonly terms: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly steps: number;
}

/** A random schedule of one small cluster: what `seed` says happens, happens in that order each time. */
export class Simulation {
  readonly #random: SeededRandom;
  readonly #time = new VirtualTime();
  readonly #witness = new HoldingWitness();
  readonly #ledger = new PutLedger();
  readonly #store: ModelStore;
  readonly #weather: Weather;
  readonly #mesh: SimulatedMesh;
  readonly #foulUntil: number;
  readonly #limit: number;
  readonly #members = new Map<string, SimulatedMember>();
  readonly #paces = new Map<string, { monotonic: number; wall: number }>();
  /** Sessions of processes that crashed end by their age alone. */
  #hasCrashed = false;
  readonly #gone: SimulatedMember[] = [];
  #pausedFor = 0;
  #isOver = false;
  #terms = 0;
  #steps = 0;
  #overdue = new Map<object, string>();
  #failure: unknown;

  constructor(
    readonly seed: number,
    private readonly mutant: Mutant,
    /** Told what happens, in order: for replays. */
    private readonly trace?: (line: string) => void,
  ) {
    const random = (this.#random = new SeededRandom(seed));
    // Some last long enough for members to be struck off while they are there.
    this.#foulUntil = random.between(2, random.chance(0.15) ? 20 : 7) * LEASE;
    this.#limit = random.pick([2, 3]);
    const skew = random.chance(0.5) ? 40 : 2;
    this.#store = new ModelStore(
      this.#time,
      random.between(0.997, 1.003),
      () => random.between(-skew, skew),
      mutant.transactionsAreBlind ?? false,
      (mutations, store) => {
        this.#guarded(() => this.#witness.commit(mutations, store));
        this.#note(() => `commit ${mutations.map(shown).join(', ')}`);
      },
    );
    this.#weather = new Weather(
      { ...climateOf(random), ...mutant.climate },
      random,
      LEASE,
      () => this.#time.now,
      this.#foulUntil,
      (id) => this.#ambush(id),
    );
    this.#mesh = new SimulatedMesh(this.#weather.message);
  }

  /** @throws Violation */
  async run(): Promise<ScheduleReport> {
    const size = 2 + Math.floor(this.#random.next() * 4);
    for (let at = 0; at < size; at++) {
      const id = `m${at}:1`;
      const pace = () => this.#random.pick([0.99, 0.995, 1, 1.005, 1.01]);
      this.#paces.set(id, { monotonic: pace(), wall: pace() });
      this.#time.in(this.#random.between(0, 300), () => this.#start(id));
    }
    for (const key of ['x', 'y']) void this.#writeInTurn(key);
    void this.#writeAtOnce('z');
    for (const isUsed of [this.#random.chance(0.7), this.#random.chance(0.4)]) {
      if (isUsed) void this.#useLocks();
    }
    if (this.#random.chance(0.5)) void this.#usePermits();
    this.#makeTrouble();

    await this.#let(this.#foulUntil);
    this.#clearUp();
    await this.#letUntil(
      LEASE + marginOf(LEASE) + SLACK,
      () => this.#leader !== undefined,
      () => violated(7, 'nobody leads'),
    );
    await this.#checkLists();
    // What was lost before it cleared up may still make somebody look silent, once.
    if (this.seed % 4 === 0) await this.#let(LISTS_SLACK).then(() => this.#checkLists());
    const watch = this.#watchLists();
    await this.#let(this.#random.between(0, 2 * LEASE));
    this.#isOver = true;
    await this.#checkLocksCanBeHad();
    await this.#checkPermitsCanBeHad();
    watch.unsubscribe();
    await this.#leaveAll();
    await this.#let(ANSWER_SLACK + 3_000);
    this.#checkAnswers();
    this.#checkRows();
    if (this.seed % 16 === 0) await this.#checkSweep();
    this.#ledger.check(this.#store.log);
    return {
      seed: this.seed,
      terms: this.#terms,
      acknowledged: this.#ledger.acknowledged,
      refused: this.#ledger.refused,
      steps: this.#steps,
    };
  }

  get #leader(): SimulatedMember | undefined {
    return [...this.#members.values()].find(({ election }) => election.term !== undefined);
  }

  // What happens

  #start(id: string): SimulatedMember {
    const clock = new VirtualClock(this.#time, this.#paces.get(id));
    const store = new FaultyConnection(this.#store, clock, this.#weather.networkOf(id));
    const member = new SimulatedMember({
      group: GROUP,
      leaseDuration: LEASE,
      id,
      clock,
      store,
      mesh: this.#mesh,
      random: this.#random,
      mutant: this.mutant,
      led: (term) => this.#began(term),
    });
    this.#members.set(id, member);
    member.start();
    return member;
  }

  #began(term: Term): void {
    this.#terms++;
    const { place, session, token } = term;
    this.#note(() => `${session.owner.address} holds ${place.row} (${token})`);
    term.signal.addEventListener('abort', () =>
      this.#note(() => `${session.owner.address} lost ${place.row}: ${term.lossReason}`),
    );
    this.#guarded(() => this.#witness.began(term));
    const { climate, isClear } = this.#weather;
    if (!isClear && this.#random.chance(climate.isolations)) {
      this.#weather.outage(session.owner.address, 2.5 * LEASE);
    }
  }

  #makeTrouble(): void {
    const { climate } = this.#weather;
    this.#nowAndThen(climate.pauses, () => this.#pause());
    this.#nowAndThen(climate.crashes, () => this.#crash());
    this.#nowAndThen(climate.outages, () => this.#outage());
    this.#nowAndThen(climate.jumps, () => this.#jump());
    this.#nowAndThen(climate.stepDowns, () => this.#stepDown());
    this.#nowAndThen(climate.cuts, () => this.#cut());
    this.#nowAndThen(climate.looks, () => {
      const member = this.#any();
      member?.clock.deliver(() => member.election.lookNow());
    });
  }

  /** `rate` times a second on average, until the weather clears. */
  #nowAndThen(rate: number, happen: () => void): void {
    if (rate === 0) return;
    const next = () => {
      const delay = (-Math.log(1 - this.#random.next()) * 1_000) / rate;
      if (this.#time.now + delay >= this.#foulUntil) return;
      this.#time.in(delay, () => {
        happen();
        next();
      });
    };
    next();
  }

  #any(): SimulatedMember | undefined {
    const members = [...this.#members.values()];
    return members.length > 0 ? this.#random.pick(members) : undefined;
  }

  /** Rather the leader than another: that is where it hurts. */
  #victim(): SimulatedMember | undefined {
    return (this.#random.chance(0.6) ? this.#leader : undefined) ?? this.#any();
  }

  #pause(): void {
    const member = this.#victim();
    if (member) this.#stop(member, LEASE * this.#random.between(0.1, 2.5));
  }

  /** What befalls a member at the worst moment: while a commit of it is on the way. */
  #ambush(id: string): Partial<Fate> {
    const member = this.#members.get(id);
    if (!member) return {};
    if (this.#random.chance(0.5)) {
      // It gives its term back, and the commit arrives after that.
      this.#time.in(0, () => this.#stepDown(member));
      const there = LEASE * this.#random.between(0.5, 1.5);
      return { there: Math.min(there, this.#foulUntil - this.#time.now) };
    }
    // It is stopped, finds the answer late, and is cut off from the store after that.
    const duration = LEASE * this.#random.between(0.3, 0.7);
    this.#time.in(0, () => this.#stop(member, duration));
    this.#time.in(duration, () => this.#weather.outage(id, 2.5 * LEASE));
    return {};
  }

  #stop(member: SimulatedMember, longest: number): void {
    const left = this.#foulUntil - this.#time.now;
    if (member.clock.isPaused || left <= 0) return;
    const stalled = this.#random.pick([{}, {}, { monotonic: true }, { wall: true }]);
    const duration = Math.min(left, longest);
    this.#pausedFor += duration;
    member.clock.pause(stalled);
    this.#note(() => `${member.id} pauses for ${duration} ms ${Object.keys(stalled).join()}`);
    this.#time.in(duration, () =>
      member.clock.resume((waiting) =>
        this.#random.chance(0.5) ? waiting : this.#random.shuffled(waiting),
      ),
    );
  }

  #crash(): void {
    const member = this.#victim();
    if (!member) return;
    const { id, clock } = member;
    clock.kill();
    this.#note(() => `${id} crashes`);
    this.#hasCrashed = true;
    this.#members.delete(id);
    this.#gone.push(member);
    this.#witness.crashed(id);
    this.#mesh.crashed(id);
    // The orchestrator starts it again, at the same address.
    const delay = Math.min(this.#foulUntil - this.#time.now, LEASE * this.#random.between(0, 2));
    this.#time.in(delay, () => this.#start(id));
  }

  #outage(): void {
    const all = this.#random.chance(0.4);
    const duration = LEASE * this.#random.between(0.1, 2.5);
    this.#note(() => `no store for ${duration} ms`);
    for (const id of all ? this.#members.keys() : [this.#victim()?.id]) {
      if (id !== undefined) this.#weather.outage(id, duration);
    }
  }

  /** Of one member from another or from all, in one direction or both. */
  #cut(): void {
    const from = this.#victim()?.id;
    const to = this.#random.chance(0.5) ? this.#any()?.id : undefined;
    const isOneWay = this.#random.chance(0.3);
    const duration = this.#random.between(0.5, 9) * LEASE;
    if (from === undefined || from === to) return;
    this.#note(() => `${from} is cut off from ${to ?? 'all'} for ${duration} ms`);
    this.#weather.cut(from, to, duration);
    if (!isOneWay) this.#weather.cut(to, from, duration);
  }

  #jump(): void {
    const member = this.#victim();
    // Of a pause that one clock slept through, the other has to tell.
    const least = member?.clock.isPaused ? 0 : -2;
    const jump = LEASE * this.#random.between(least, 2);
    member?.clock.jumpWall(jump);
    this.#note(() => `the wall clock of ${member?.id} is set by ${jump} ms`);
  }

  #stepDown(member = this.#leader): void {
    this.#note(() => `${member?.id} steps down`);
    member?.clock.deliver(() => void member.election.stepDown('stepped-down'));
  }

  #clearUp(): void {
    for (const { clock } of this.#members.values()) if (clock.isPaused) clock.resume();
  }

  // What the app does

  /** Each put begins when the one before was answered. */
  async #writeInTurn(key: string): Promise<void> {
    let last: string | undefined;
    while (!this.#isOver) {
      await this.#time.sleep(this.#random.between(1, 120));
      const id = this.#ledger.begin(key, last);
      if (await this.#put(id, key)) last = id;
    }
  }

  async #writeAtOnce(key: string): Promise<void> {
    while (!this.#isOver) {
      await this.#time.sleep(this.#random.between(1, 400));
      const count = this.#random.pick([1, 2, 5]);
      for (let at = 0; at < count; at++) void this.#put(this.#ledger.begin(key), key);
    }
  }

  /** Tries for a while, under the same id, wherever somebody leads. @returns whether it was acknowledged */
  async #put(id: string, key: string): Promise<boolean> {
    const until = this.#time.now + this.#random.between(100, 3_000);
    while (this.#time.now < until) {
      const member = this.#leader;
      if (member) {
        const timeout = Math.max(1, until - this.#time.now);
        const twice = this.#random.chance(0.1) ? this.#append(member, id, key, timeout) : undefined;
        const answer = await this.#append(member, id, key, timeout);
        await twice;
        if (answer === 'acknowledged') return true;
        if (this.#random.chance(answer === 'NOT_LEADER' ? 0.1 : 0.4)) return false;
      }
      await this.#time.sleep(this.#random.between(5, 100));
    }
    return false;
  }

  /** One attempt on one member, as far as its caller will ever know. */
  #append(member: SimulatedMember, id: string, key: string, timeout: number): Promise<string> {
    return new Promise((resolve) => {
      // A caller elsewhere waits no longer than this.
      const waiting = this.#time.in(timeout + 50, () => resolve('unknown'));
      this.#ledger.asked(id);
      member.clock.deliver(() => {
        const answered = this.#expectAnswer(member, `append ${id}`, timeout);
        member.append({ id, key, value: '' }, timeout).then(
          (timestamp) =>
            this.#guarded(() => {
              answered();
              waiting.cancel();
              this.#ledger.acknowledge(id, timestamp);
              resolve('acknowledged');
            }),
          (error: unknown) =>
            this.#guarded(() => {
              answered();
              waiting.cancel();
              const code = error instanceof HedgeError ? error.code : String(error);
              this.#ledger.rejected(id, code);
              resolve(code);
            }),
        );
      });
    });
  }

  async #useLocks(): Promise<void> {
    while (!this.#isOver) {
      await this.#time.sleep(this.#random.between(10, 500));
      if (!this.#isOver)
        this.#use(this.#random.pick(LOCKS), this.#random.pick([50, 500, MOST_USE]));
    }
  }

  /** Several at once, by members that hold some already, and now and then with another limit. */
  async #usePermits(): Promise<void> {
    while (!this.#isOver) {
      await this.#time.sleep(this.#random.between(10, 600));
      const limit = this.#random.chance(0.1) ? 5 - this.#limit : this.#limit;
      for (let at = this.#random.pick([1, 1, 2, 4]); at > 0 && !this.#isOver; at--) {
        this.#use(this.#permit(limit), this.#random.pick([50, 500, MOST_USE]));
      }
    }
  }

  #permit(limit = this.#limit): Place {
    const place = permitPlace(GROUP, 's', limit);
    return this.mutant.place?.(place) ?? place;
  }

  #use(place: Place, longest: number): void {
    // Where a session is shared by leadership and locks, more can go wrong.
    const member = this.#victim();
    const timeout = this.#random.between(20, 1_500);
    member?.clock.deliver(() => void this.#useFor(member, place, timeout, longest));
  }

  /** @returns whether it could be had */
  async #useFor(
    member: SimulatedMember,
    place: Place,
    timeout: number,
    longest: number,
  ): Promise<boolean> {
    member.lockUsers++;
    try {
      const term = await this.#acquire(member, place, timeout);
      if (!term) return false;
      await new Promise<void>((resolve) => {
        member.clock.after(this.#random.between(0, longest), resolve);
      });
      await member.releaser.release(term, 'released');
      return true;
    } finally {
      member.lockUsers--;
    }
  }

  async #acquire(
    member: SimulatedMember,
    place: Place,
    timeout: number,
  ): Promise<Term | undefined> {
    const giveUp = new AbortController();
    if (this.#random.chance(0.3)) {
      member.clock.after(this.#random.between(0, 60), () => giveUp.abort());
    }
    const answered = this.#expectAnswer(member, `acquire ${place.row}`, timeout);
    try {
      const outcome = await member.acquirer.acquire(place, { timeout, signal: giveUp.signal });
      answered();
      if (outcome.kind === 'held') return undefined;
      this.#began(outcome.term);
      return outcome.term;
    } catch (error) {
      answered();
      const code = error instanceof HedgeError ? error.code : '';
      if (!['ABORTED', 'TIMEOUT', 'LIMIT_MISMATCH'].includes(code)) this.#failure ??= error;
      return undefined;
    }
  }

  // What must hold

  /** Each promise is to be settled some time after its timeout (invariant 7). */
  #expectAnswer(member: SimulatedMember, what: string, timeout: number): () => void {
    const token = {};
    const begun = this.#time.now;
    this.#overdue.set(token, `${member.id}: ${what}`);
    return () => {
      this.#overdue.delete(token);
      const took = this.#time.now - begun;
      if (took > timeout * 1.02 + ANSWER_SLACK + this.#pausedFor) {
        this.#failure ??= new Error(`${what} took ${took} ms with a timeout of ${timeout}`);
      }
    };
  }

  #checkAnswers(): void {
    const crashed = this.#gone.map(({ id }) => id);
    for (const what of this.#overdue.values()) {
      if (!crashed.some((id) => what.startsWith(id))) violated(7, `never settled: ${what}`);
    }
  }

  /** Nobody comes or goes any more: all see just those that are there (4.6). */
  async #checkLists(): Promise<void> {
    const members = [...this.#members.values()];
    const there = members.map(({ instanceId }) => instanceId).toSorted();
    const sees = (member: SimulatedMember) => member.seen.toSorted().join() === there.join();
    await this.#letUntil(
      LISTS_SLACK,
      () => members.every(sees),
      () => {
        const blind = members.find((member) => !sees(member));
        violated(
          7,
          `${blind?.instanceId} sees ${blind?.seen.join()}, and there are ${there.join()}`,
        );
      },
    );
  }

  /** Long after all saw what is there: whatever still changes is wrong. */
  #watchLists(): Subscription {
    const watch = new Subscription();
    if (this.seed % 4 !== 0) return watch;
    for (const { instanceId, listChanges } of this.#members.values()) {
      const wrong = ({ joined, left }: ListChange) =>
        violated(7, `${instanceId} sees ${idsOf(joined)} join and ${idsOf(left)} leave`);
      watch.add(listChanges.subscribe((change) => this.#guarded(() => wrong(change))));
    }
    return watch;
  }

  async #checkLocksCanBeHad(): Promise<void> {
    for (const lock of LOCKS) {
      const member = this.#any()!;
      let isFree = false;
      const tries = async () => {
        while (!isFree) {
          isFree = await this.#useFor(member, lock, 500, MOST_USE);
          await this.#time.sleep(50);
        }
      };
      void tries();
      await this.#letUntil(
        MOST_USE + LEASE + marginOf(LEASE) + SLACK,
        () => isFree,
        () => violated(7, `${lock.label} cannot be had: ${this.#rowsShown()}`),
      );
    }
  }

  /** As many as there are, at once, and no fewer. */
  async #checkPermitsCanBeHad(): Promise<void> {
    const member = this.#any()!;
    const terms: Term[] = [];
    member.lockUsers++;
    const take = async () => {
      while (terms.length < this.#limit) {
        const term = await this.#acquire(member, this.#permit(), 500);
        if (term) terms.push(term);
        else await this.#time.sleep(50);
      }
    };
    void take();
    await this.#letUntil(
      MOST_USE + LEASE + marginOf(LEASE) + SLACK,
      () => terms.length === this.#limit && terms.every((term) => term.isHeld()),
      () => violated(7, `only ${terms.length} permits can be had: ${this.#rowsShown()}`),
    );
    const releases = terms.map((term) => member.releaser.release(term, 'released'));
    void Promise.all(releases).then(() => member.lockUsers--);
  }

  #rowsShown(): string {
    const { rows } = this.#store;
    return JSON.stringify([...rows].map(([n, { writer }]) => [n, writer, this.#store.age(n)]));
  }

  async #leaveAll(): Promise<void> {
    await this.#letUntil(
      MOST_USE + 5 * LEASE,
      () => [...this.#members.values()].every(({ lockUsers }) => lockUsers === 0),
      () => violated(7, 'locks are still being acquired'),
    );
    const oneByOne = this.#random.chance(0.5);
    for (const member of this.#members.values()) {
      this.#note(() => `${member.id} leaves`);
      void member.leave();
      const gone = () => member.hasStopped;
      if (oneByOne)
        await this.#letUntil(2 * LEASE, gone, () => violated(7, `${member.id} does not leave`));
    }
    await this.#letUntil(
      2 * LEASE,
      () => [...this.#members.values()].every((member) => member.hasStopped),
      () => violated(7, 'members do not leave'),
    );
    this.#checkLeft();
  }

  /** What holds nothing leaves no row. What was lost with its process, or for want of a network, is dead by its age. */
  #checkLeft(): void {
    const left = this.#rowsBeside().filter((name) => this.#mustBeGone(name));
    if (left.length > 0) violated(7, `rows are left: ${left.join(', ')}`);
  }

  #mustBeGone(row: string): boolean {
    const members = [...this.#members.values(), ...this.#gone];
    const isLost = members.some(
      ({ sessionEnds }) => sessionEnds.has('expired') || sessionEnds.has('session-gone'),
    );
    if (!this.#hasCrashed && !isLost && this.#weather.isMild) return true;
    const isSession = row.startsWith(sessionPrefix(GROUP));
    return isSession && this.#store.age(row) < this.#time.now - this.#foulUntil - LEASE;
  }

  #checkRows(): void {
    for (const { id, clock } of this.#members.values()) {
      if (clock.armed > 0) violated(7, `${id} has left, and ${clock.armed} timers of it run on`);
    }
  }

  /** One more member leads for a while, and clears away what the others left. */
  async #checkSweep(): Promise<void> {
    const member = this.#start('janitor:1');
    await this.#let(4 * LEASE);
    void member.leave();
    await this.#letUntil(
      2 * LEASE,
      () => member.hasStopped,
      () => violated(7, 'the janitor does not leave'),
    );
    const left = this.#rowsBeside();
    if (left.length > 0) violated(7, `rows are not swept: ${left.join(', ')}`);
  }

  #rowsBeside(): string[] {
    return [...this.#store.rows.keys()].filter((name) => name !== groupLock(GROUP).row);
  }

  // How time passes

  #let(ms: number): Promise<void> {
    return this.#letUntil(
      ms,
      () => false,
      () => undefined,
    );
  }

  async #letUntil(ms: number, isDone: () => boolean, tooLate: () => void): Promise<void> {
    const until = this.#time.now + ms;
    await settled();
    for (;;) {
      this.#check();
      if (isDone()) return;
      const { next } = this.#time;
      if (next === undefined || next > until) break;
      this.#steps++;
      try {
        await this.#time.step();
      } catch (error) {
        this.#failure ??= error;
      }
    }
    this.#time.at(until, () => undefined);
    await this.#time.step();
    tooLate();
  }

  #check(): void {
    this.#guarded(() => {
      this.#witness.check();
      checkLockRows(this.#store);
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  #note(line: () => string): void {
    this.trace?.(`${this.#time.now.toFixed(3).padStart(10)} ${line()}`);
  }

  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }
}

function idsOf(members: readonly MemberInfo[]): string {
  return members.map(({ instanceId }) => instanceId).join() || 'nobody';
}

function shown(mutation: Mutation): string {
  const { table, op } = mutation;
  return table === 'lock' ? `${op} ${mutation.name}` : `${op} ${mutation.key} ${mutation.id}`;
}
