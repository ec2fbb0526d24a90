import type { Provider } from '@nestjs/common';
import { HedgeError } from '../errors/index.js';
import type { SurroundedMember } from '../hedge.surroundings.js';
import type { HedgeModuleOptions } from '../hedge.options.js';
import { APP_NOT_STARTED, BAD_DURATION, BAD_MOMENT } from './testing.messages.js';
import { TestGroup } from './test.group.js';
import { TestMember } from './test.member.js';
import { TestPlace } from './test.place.js';

/** What one member of a spec may be given: as in `HedgeModule.forRoot`. */
export type TestMemberOptions = Pick<
  HedgeModuleOptions,
  'address' | 'candidate' | 'drainTimeout' | 'inheritAppConfig' | 'metadata' | 'requestTimeout'
>;

/** What `hedgeTesting` takes. */
export interface HedgeTestingOptions
  extends TestMemberOptions, Pick<HedgeModuleOptions, 'lockName' | 'leaseDuration'> {
  /** false: another member leads when the app starts; see {@link HedgeTesting.leader}. @default true */
  leads?: boolean;
  /** What the group's clocks show when the first member has started. @default the time of day */
  now?: Date | string | number;
}

/** What `join` takes. */
export interface JoinOptions extends TestMemberOptions {
  /** Classes with `@OnLeaderStream()` and the like, for what `onLeaderMessage` and `onBroadcast` cannot say. */
  providers?: readonly Provider[];
}

/**
 * For one app in a spec: what the spec has happen to it. It stands for the options that the app is made with, too:
 * `.overrideProvider(HEDGE_OPTIONS).useValue(testing)`.
 */
export class HedgeTesting {
  readonly #options: HedgeModuleOptions;
  readonly #place: TestPlace;
  readonly #group: TestGroup<TestMember>;
  readonly #shared: HedgeModuleOptions;

  /** @internal made by {@link hedgeTesting} */
  constructor(
    group: TestGroup<TestMember>,
    shared: HedgeModuleOptions,
    own: TestMemberOptions,
    leads: boolean,
  ) {
    this.#group = group;
    this.#shared = shared;
    this.#place = new TestPlace(group, true, leads ? undefined : () => this.#letAnotherLead());
    this.#options = this.#optionsFor(this.#place, own);
    // What the module reads of its options are the fields, and there are no others.
    Object.assign(this, this.#options);
  }

  /** The options alone, where their type is asked for: `HedgeModule.forRoot(testing.options)`. */
  get options(): HedgeModuleOptions {
    return this.#options;
  }

  /** What the group's clocks show: they go on as the real ones do, and by {@link advance}. */
  get now(): Date {
    return new Date(this.#group.time.wall);
  }

  /** The member that leads, where it is one that {@link join}ed and not an app. */
  get leader(): TestMember | undefined {
    return [...this.#group.others].find(({ isLeader }) => isLeader);
  }

  /**
   * Resolves when the app leads, and all members know. Whoever led gives leadership back before. Time goes on by up to a
   * few seconds for that, as it does in {@link loseLeadership}.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_OPTIONS` where it is no candidate
   */
  async electMe(): Promise<void> {
    this.#member('electMe');
    await this.#group.elect(this.#place);
  }

  /**
   * Resolves when another member leads, and the app knows: the `@OnLeadershipLost()` of its own have run.
   * @returns the one that leads: have it answer what the app sends
   * @throws HedgeError `NOT_RUNNING`
   */
  async loseLeadership(): Promise<TestMember> {
    this.#member('loseLeadership');
    return this.#letAnotherLead();
  }

  /**
   * Lets time go on, with all that is due meanwhile: timeouts, renewals, leases that run out. Everything of this library
   * that follows has happened when it resolves; what handlers await elsewhere (a database, a file) may not have.
   * @param ms from 0 up
   * @throws HedgeError `INVALID_ARGUMENT`
   */
  async advance(ms: number): Promise<void> {
    if (!(Number.isFinite(ms) && ms >= 0)) {
      throw new HedgeError('INVALID_ARGUMENT', BAD_DURATION(ms));
    }
    await this.#group.time.advance(ms);
  }

  /**
   * Lets time go on to the next slot of a `@LeaderCron()` of the app, and resolves when its run has ended. {@link advance}
   * has crons run, too, but does not wait for what they await elsewhere. On a member that does not lead nothing runs.
   * @param name as given to `@LeaderCron()`; 'Class.method' without one
   * @throws HedgeError `NOT_RUNNING`, `INVALID_ARGUMENT`
   */
  async runCron(name: string): Promise<void> {
    this.#member('runCron');
    await this.#place.crons.run(name);
  }

  /**
   * Has another member join the group, one without an app. It leaves with the last app, if not before.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_OPTIONS`
   */
  async join(options: JoinOptions = {}): Promise<TestMember> {
    this.#member('join');
    return this.#join(options);
  }

  /** For a second app in the same group, which shares its time: the app of these options is another member. */
  another(options: TestMemberOptions = {}): HedgeTesting {
    return new HedgeTesting(this.#group, this.#shared, options, true);
  }

  async #letAnotherLead(): Promise<TestMember> {
    const { leader } = this;
    if (leader) return leader;
    const candidate = [...this.#group.others].find(({ isCandidate }) => isCandidate);
    const next = candidate ?? (await this.#join({}));
    await next.lead();
    return next;
  }

  async #join({ providers = [], ...own }: JoinOptions): Promise<TestMember> {
    const place = new TestPlace(this.#group, false);
    // Its answers may never come, and nobody is to wait for them at the end of a spec.
    const options = this.#optionsFor(place, { drainTimeout: 0, ...own });
    const member = await TestMember.start(this.#group, place, options, providers);
    await this.#group.time.settle();
    return member;
  }

  #optionsFor(place: TestPlace, own: TestMemberOptions): HedgeModuleOptions {
    const { store } = place;
    return {
      address: this.#group.nextAddress(),
      ...this.#shared,
      ...own,
      store,
      surroundings: place,
    };
  }

  #member(method: string): SurroundedMember {
    const { member } = this.#place;
    if (member && !member.state.notRunning) return member;
    throw new HedgeError('NOT_RUNNING', APP_NOT_STARTED(method));
  }
}

/** ms since 1970: what goes before it, or far beyond, no table of ours can hold. */
const [EARLIEST, LATEST] = [0, Date.UTC(9_999)];

/**
 * What a spec of an app that imports `HedgeModule` needs: its options in place of the app's own, and a handle. The store,
 * the network and the clocks are in memory; everything else is what runs in production. The app leads once it is
 * initialised.
 * @example
 * const testing = hedgeTesting();
 * const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(HEDGE_OPTIONS)
 *   .useValue(testing)
 *   .compile();
 */
export function hedgeTesting(options: HedgeTestingOptions = {}): HedgeTesting {
  const { leads = true, now = Date.now(), lockName, leaseDuration = 10_000, ...own } = options;
  const start = new Date(now).getTime();
  if (!(start >= EARLIEST && start < LATEST))
    throw new HedgeError('INVALID_OPTIONS', BAD_MOMENT(now));
  const shared = { leaseDuration, ...(lockName !== undefined && { lockName }) };
  return new HedgeTesting(new TestGroup(start, leaseDuration), shared, own, leads);
}
