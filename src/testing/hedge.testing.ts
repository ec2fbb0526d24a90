import type { Provider } from '@nestjs/common';
import { HedgeError } from '../errors/index.js';
import type { SurroundedMember } from '../hedge.surroundings.js';
import type { HedgeModuleOptions } from '../hedge.options.js';
import { APP_NOT_STARTED, BAD_DURATION, BAD_MOMENT } from './testing.messages.js';
import { TestGroup } from './test.group.js';
import { TestMember } from './test.member.js';
import { TestSurroundings } from './test.surroundings.js';

/** The options of a member in a spec, as in `HedgeModule.forRoot`. */
export type TestMemberOptions = Pick<
  HedgeModuleOptions,
  'address' | 'candidate' | 'drainTimeout' | 'inheritAppConfig' | 'metadata' | 'requestTimeout'
>;

/** The options of `hedgeTesting`. */
export interface HedgeTestingOptions
  extends TestMemberOptions, Pick<HedgeModuleOptions, 'lockName' | 'leaseDuration'> {
  /** False: another member leads when the app starts. See {@link HedgeTesting.leader}. @default true */
  leads?: boolean;
  /** The time on the group's clocks when the first member starts. @default the current time */
  now?: Date | string | number;
}

/** The options of `join`. */
export interface JoinOptions extends TestMemberOptions {
  /** Classes with handlers that `onLeaderMessage` and `onBroadcast` cannot express, such as `@OnLeaderStream()`. */
  providers?: readonly Provider[];
}

/**
 * Controls the group and the clocks of an app in a spec. It also serves as the options of the app:
 * `.overrideProvider(HEDGE_OPTIONS).useValue(testing)`.
 *
 * @example
 * ```ts
 * async function spec(app: INestApplication, testing: HedgeTesting): Promise<void> {
 *   const hedge = app.get(HedgeService);
 *   const other = await testing.join();
 *   other.onLeaderMessage('order.place', (order: { id: string }) => `placed ${order.id}`);
 *   await testing.loseLeadership(); // `other` leads now
 *   console.log(await hedge.send('order.place', { id: '7' })); // 'placed 7'
 *   await testing.advance(60_000); // a minute of the group's time
 *   await testing.electMe(); // the app leads again
 * }
 * ```
 */
export class HedgeTesting {
  readonly #options: HedgeModuleOptions;
  readonly #surroundings: TestSurroundings;
  readonly #group: TestGroup<TestMember>;
  readonly #shared: HedgeModuleOptions;

  /** @internal {@link hedgeTesting} makes it */
  constructor(
    group: TestGroup<TestMember>,
    shared: HedgeModuleOptions,
    own: TestMemberOptions,
    leads: boolean,
  ) {
    this.#group = group;
    this.#shared = shared;
    this.#surroundings = new TestSurroundings(
      group,
      true,
      leads ? undefined : () => this.#letAnotherLead(),
    );
    this.#options = this.#optionsFor(this.#surroundings, own);
    // The module reads the options as fields of this object, which has no other fields.
    Object.assign(this, this.#options);
  }

  /** The options alone, for code that needs their type: `HedgeModule.forRoot(testing.options)`. */
  get options(): HedgeModuleOptions {
    return this.#options;
  }

  /** The time on the group's clocks. They run as real clocks do, and {@link advance} sets them forward. */
  get now(): Date {
    return new Date(this.#group.time.wall);
  }

  /** The leader, if it {@link join}ed in the spec. Undefined while an app leads. */
  get leader(): TestMember | undefined {
    return [...this.#group.others].find(({ isLeader }) => isLeader);
  }

  /**
   * Resolves when the app leads and all members know it. The leader before it steps down. The group's time advances by
   * up to a few seconds, as in {@link loseLeadership}.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_OPTIONS` if the app is not a candidate
   */
  async electMe(): Promise<void> {
    this.#member('electMe');
    await this.#group.elect(this.#surroundings);
  }

  /**
   * Resolves when another member leads and the app knows it: its `@OnLeadershipLost()` methods have run.
   * @returns the new leader, which can answer the messages of the app
   * @throws HedgeError `NOT_RUNNING`
   */
  async loseLeadership(): Promise<TestMember> {
    this.#member('loseLeadership');
    return this.#letAnotherLead();
  }

  /**
   * Advances the group's time, and runs everything that is due meanwhile: timeouts, renewals, expired leases. When it
   * resolves, this library has done all of its work for that time. Handlers may still await other things (a database, a
   * file).
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
   * Advances the group's time to the next slot of a `@LeaderCron()` of the app, and resolves when its run has ended.
   * {@link advance} runs crons too, but does not wait for other things that a run awaits. If the app does not lead,
   * nothing runs.
   * @param name The name in `@LeaderCron()`. Without a name there, 'Class.method'.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_ARGUMENT`
   */
  async runCron(name: string): Promise<void> {
    this.#member('runCron');
    await this.#surroundings.crons.run(name);
  }

  /**
   * Makes another member join the group, without an app. It leaves with the last app, or earlier.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_OPTIONS`
   */
  async join(options: JoinOptions = {}): Promise<TestMember> {
    this.#member('join');
    return this.#join(options);
  }

  /** Options for a second app in the same group. That app is another member, with the same time. */
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
    const surroundings = new TestSurroundings(this.#group, false);
    // Its answers may never come, and a spec must not wait for them at its end.
    const options = this.#optionsFor(surroundings, { drainTimeout: 0, ...own });
    const member = await TestMember.start(this.#group, surroundings, options, providers);
    await this.#group.time.settle();
    return member;
  }

  #optionsFor(surroundings: TestSurroundings, own: TestMemberOptions): HedgeModuleOptions {
    const { store } = surroundings;
    return {
      address: this.#group.nextAddress(),
      ...this.#shared,
      ...own,
      store,
      surroundings,
    };
  }

  #member(method: string): SurroundedMember {
    const { member } = this.#surroundings;
    if (member && !member.state.notRunning) return member;
    throw new HedgeError('NOT_RUNNING', APP_NOT_STARTED(method));
  }
}

/** ms since 1970. The tables hold no earlier time, and none far later. */
const [EARLIEST, LATEST] = [0, Date.UTC(9_999)];

/**
 * Makes the options and the control of a group for the spec of an app that imports `HedgeModule`. The store, the
 * network and the clocks are in memory. Everything else is the code of production. The app leads after `app.init()`.
 *
 * @example
 * ```ts
 * const testing = hedgeTesting();
 * const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(HEDGE_OPTIONS)
 *   .useValue(testing)
 *   .compile();
 * const app = await moduleRef.createNestApplication().init();
 * ```
 */
export function hedgeTesting(options: HedgeTestingOptions = {}): HedgeTesting {
  const { leads = true, now = Date.now(), lockName, leaseDuration = 10_000, ...own } = options;
  const start = new Date(now).getTime();
  if (!(start >= EARLIEST && start < LATEST))
    throw new HedgeError('INVALID_OPTIONS', BAD_MOMENT(now));
  const shared = { leaseDuration, ...(lockName !== undefined && { lockName }) };
  return new HedgeTesting(new TestGroup(start, leaseDuration), shared, own, leads);
}
