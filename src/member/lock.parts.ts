import { HedgeError } from '../errors/index.js';
import type { MemberBase } from './member.base.js';
import type { LeaderParts } from './leader.parts.js';
import { Contenders, LockService, LossReport, Routines, type LockReleaser } from '../lock/index.js';
import { CLOSING_TAKES_NO_LOCKS } from './member.messages.js';
import type { MessageParts } from './message.parts.js';
import { QueueLine, QueueRoutes } from '../queue/index.js';
import { settledWithin, type Clock } from '../time/index.js';
import { Semaphore } from '../semaphore/index.js';
import type { SessionParts } from './session.parts.js';

/** ms that the leader has to hear what was given back at the very end. */
const NEWS_TIMEOUT = 250;

/** The locks and permits that the app asks for, and who wants what. */
export class LockParts {
  readonly contenders: Contenders;
  readonly routines: Routines;
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
    this.contenders = new Contenders(
      store,
      acquirer,
      releaser,
      this.#line,
      clock,
      new LossReport(logger),
      reports,
      () => state.notRunning,
    );
    this.routines = new Routines(clock);
    this.service = new LockService(options, held, this.contenders, this.routines, store, clock);
    this.semaphore = (name, limit) =>
      new Semaphore(name, limit, options, this.contenders, this.routines);
  }

  /**
   * Refuses who waits and who comes later: an HTTP request that waits would keep the app from closing. Resolves when those
   * that waited have left their lines.
   */
  refuse(): Promise<void> {
    return this.contenders.stop(new HedgeError('NOT_RUNNING', CLOSING_TAKES_NO_LOCKS));
  }

  /**
   * Ends what waits, lets what runs with something held end, and gives back what is left.
   * @param drainTimeout ms for what runs
   * @param releaseTimeout ms that the store may take
   */
  async close(drainTimeout: number, releaseTimeout: number): Promise<void> {
    const refused = this.refuse();
    await this.routines.finished(drainTimeout);
    await settledWithin(this.#clock, releaseTimeout, this.contenders.releaseAll('shutdown'));
    await settledWithin(this.#clock, NEWS_TIMEOUT, this.#told(refused));
  }

  /** Also of what was given up just now: others wait for a turn to lapse, or for an acquire that landed to be gone. */
  async #told(refused: Promise<void>): Promise<void> {
    await refused;
    await this.#releaser.finished();
    await this.#line.told();
  }
}
