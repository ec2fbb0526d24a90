import { HedgeError } from '../errors/index.js';
import type { MemberBase } from './member.base.js';
import type { LeaderParts } from './leader.parts.js';
import {
  MemberLocks,
  LockService,
  LossReport,
  RoutineRunner,
  type LockReleaser,
} from '../lock/index.js';
import { CLOSING_TAKES_NO_LOCKS } from './member.messages.js';
import type { MessageParts } from './message.parts.js';
import { QueueLine, QueueRoutes } from '../queue/index.js';
import { settledWithin, type Clock } from '../time/index.js';
import { Semaphore } from '../semaphore/index.js';
import { NOTICE_TIMEOUT } from './notice.timeout.js';
import type { SessionParts } from './session.parts.js';

/** The locks and permits that the app asks for. */
export class LockParts {
  readonly memberLocks: MemberLocks;
  readonly runner: RoutineRunner;
  readonly service: LockService;
  readonly semaphore: (name: string, limit: number) => Semaphore;
  readonly #line: QueueLine;
  readonly #releaser: LockReleaser;
  readonly #clock: Clock;

  constructor(
    base: MemberBase,
    session: SessionParts,
    { terms, view }: LeaderParts,
    { client, routes }: MessageParts,
  ) {
    const { options, store, clock, logger, reports, state } = base;
    const { acquirer, releaser, held } = session;
    this.#clock = clock;
    this.#releaser = releaser;
    const queue = new QueueRoutes(routes, clock, options.leaseDuration);
    queue.register();
    terms.register(queue);
    this.#line = new QueueLine(client, view, clock);
    const { group, requestTimeout } = options;
    const memberLocks = (this.memberLocks = new MemberLocks({
      store,
      acquirer,
      releaser,
      line: this.#line,
      clock,
      losses: new LossReport(logger),
      reports,
      notRunning: () => state.notRunning,
    }));
    const runner = (this.runner = new RoutineRunner(clock));
    const shared = { group, requestTimeout, memberLocks, runner };
    this.service = new LockService({ ...shared, heldTerms: held, store, clock });
    this.semaphore = (name, limit) => new Semaphore(name, limit, shared);
  }

  /**
   * Rejects current and future waits for a lock: an HTTP request that waits would keep the app from closing. Resolves
   * when all waiters have left their lines.
   */
  refuse(): Promise<void> {
    return this.memberLocks.stop(new HedgeError('NOT_RUNNING', CLOSING_TAKES_NO_LOCKS));
  }

  /**
   * Rejects waits, lets the work end that holds something, and gives back all that is left.
   * @param drainTimeout ms for that work
   * @param releaseTimeout ms for the store
   */
  async close(drainTimeout: number, releaseTimeout: number): Promise<void> {
    const refused = this.refuse();
    await this.runner.finished(drainTimeout);
    await settledWithin(this.#clock, releaseTimeout, this.memberLocks.releaseAll('shutdown'));
    await settledWithin(this.#clock, NOTICE_TIMEOUT, this.#told(refused));
  }

  /**
   * Tells the leader also of waits that ended just now: other members wait for a turn or for an acquire of this one.
   */
  async #told(refused: Promise<void>): Promise<void> {
    await refused;
    await this.#releaser.finished();
    await this.#line.noticesSettled();
  }
}
