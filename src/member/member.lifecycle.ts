import { isPassing, type HedgeError } from '../errors/index.js';
import type { HedgeExtensions } from './member.extensions.js';
import type { HedgeMember } from './member.js';
import { findOwnHost, formatAddress, portWarnings } from '../messaging/index.js';
import { Backoff, sleep, type Timer } from '../time/index.js';
import { LEAVING_FAILED, STORE_IS_BACK, WAITING_FOR_STORE } from './member.messages.js';

/** ms for the first attempt to open the store: longer than any permanent error takes to show. */
const OPEN_TIMEOUT = 5_000;

/** ms that the store has at the least to take the lock back, whatever the drain has left of its time. */
const LEAST_RELEASE_TIME = 1_000;

/** ms that the others have to hear that this member leaves; its closing connections tell those that do not. */
const GOODBYE_TIMEOUT = 250;

/** Starts and ends a member, in the order that loses nothing. */
export class HedgeLifecycle {
  readonly #closing = new AbortController();
  #starting: Promise<void> = Promise.resolve();
  #opening: Promise<void> = Promise.resolve();
  #leaving: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #drainUntil = 0;
  #drainEnd: Timer | undefined;

  constructor(
    private readonly member: HedgeMember,
    /** A store that was given ready-made belongs to whoever made it. */
    private readonly ownsStore: boolean,
    private readonly extensions: HedgeExtensions,
  ) {}

  /** @throws HedgeError `NOT_RUNNING` */
  assertRunning(): void {
    const { notRunning } = this;
    if (notRunning) throw notRunning;
  }

  /** `NOT_RUNNING`: not yet, or not any more. */
  get notRunning(): HedgeError | undefined {
    return this.member.state.notRunning;
  }

  /**
   * Listens, opens the store, takes part in the election. What cannot get better by waiting fails here.
   * @throws HedgeError `INVALID_HANDLER`, `INVALID_OPTIONS`, `STORE_INVALID`
   */
  async start(): Promise<void> {
    const { member } = this;
    member.leader.hooks.find();
    member.leader.memberHooks.find();
    member.messages.registerHandlers();
    this.extensions.find();
    if (this.#closing.signal.aborted) return;
    this.#starting = this.#begin();
    try {
      await this.#starting;
      if (!this.#closing.signal.aborted) this.extensions.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (!this.#closing.signal.aborted) await member.surroundings?.reached('started', member);
  }

  /**
   * Gives up leadership without giving up work: running handlers finish (for `drainTimeout` at the most) while the
   * session is still renewed, and requests that come in go to the next leader.
   */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /** Ends everything, connections last. */
  close(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** ms of `drainTimeout` that are left. */
  get #drainLeft(): number {
    return Math.max(0, this.#drainUntil - this.member.clock.now().monotonic);
  }

  /** A signal may close the app while it is starting: Nest then runs both kinds of hooks at once. */
  async #begin(): Promise<void> {
    await this.member.surroundings?.reached('starting', this.member);
    await this.#listen();
    await this.#openStore();
    if (!this.#closing.signal.aborted) this.member.state.begin();
  }

  async #leave(): Promise<void> {
    const { member } = this;
    this.#closing.abort();
    member.state.leave();
    void member.surroundings?.reached('leaving', member);
    member.leader.election.abstain();
    await Promise.allSettled([this.#starting, this.#opening]);
    const goodbye = member.leader.membership.leave(GOODBYE_TIMEOUT);
    const { clock, options } = member;
    this.#drainUntil = clock.now().monotonic + options.drainTimeout;
    this.#drainEnd = clock.after(options.drainTimeout, () => void member.locks.refuse());
    await member.messages.running.drain(options.drainTimeout);
    await member.leader.election.retire(Math.max(LEAST_RELEASE_TIME, this.#drainLeft));
    await goodbye;
  }

  async #end(): Promise<void> {
    const { member } = this;
    await this.leave().catch((error: unknown) => member.logger.error(LEAVING_FAILED(error)));
    member.state.end();
    this.#drainEnd?.cancel();
    await member.locks.close(this.#drainLeft, LEAST_RELEASE_TIME);
    member.leader.view.close();
    member.log.reader.close();
    member.log.outcomes.close();
    await member.leader.election.stop();
    member.leader.membership.stop();
    member.session.renewer.stop();
    member.session.releaser.stop();
    member.peers.close();
    await member.server.close();
    if (this.ownsStore) await member.store.close();
    member.events.complete();
    await member.surroundings?.reached('closed', member);
  }

  async #listen(): Promise<void> {
    const { identity, leader, logger, options, server } = this.member;
    const host = options.host ?? findOwnHost();
    const { port, address } = await server.listen({
      port: options.port,
      host: options.listenHost ?? host,
    });
    identity.id = formatAddress(host, port);
    for (const warning of portWarnings(options.security, address)) logger.warn(warning);
    leader.membership.start();
  }

  async #openStore(): Promise<void> {
    const { member } = this;
    const { signal } = this.#closing;
    try {
      await member.store.open({ timeout: OPEN_TIMEOUT, signal });
      if (!signal.aborted) member.leader.election.start();
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error)) throw error;
      member.logger.warn(WAITING_FOR_STORE(member.store.description, error));
      this.#opening = this.#keepOpening();
    }
  }

  /** A store that is away does not keep the app from starting: nobody leads until it is back. */
  async #keepOpening(): Promise<void> {
    const { member } = this;
    const { signal } = this.#closing;
    const backoff = new Backoff(100, 2_000);
    let reported = '';
    while (!signal.aborted) {
      await sleep(member.clock, backoff.next(), signal);
      if (signal.aborted) return;
      try {
        await member.store.open({ timeout: OPEN_TIMEOUT, signal });
        if (signal.aborted) return;
        member.logger.log(STORE_IS_BACK(member.store.description));
        member.leader.election.start();
        return;
      } catch (error) {
        if (signal.aborted || isPassing(error)) continue;
        // Once: it may take somebody hours to mend.
        const text = error instanceof Error ? error.message : String(error);
        if (text !== reported) member.logger.error(text);
        reported = text;
      }
    }
  }
}
