import type { LifeStage } from '../hedge.surroundings.js';
import { findOwnHost, formatAddress, portWarnings } from '../messaging/index.js';
import { TimeLimit, type Timer } from '../time/index.js';
import type { HedgeMember } from './hedge.member.js';
import type { MemberExtensions } from './member.extensions.js';
import { LEAVING_FAILED } from './member.messages.js';
import { NOTICE_TIMEOUT } from './notice.timeout.js';
import { StoreOpener } from './store.opener.js';

/** ms that the store has at least to take back locks and permits, even when the drain has used up its time. */
const LEAST_RELEASE_TIME = 1_000;

/**
 * Starts and ends a member, in the order that loses nothing. Nest calls {@link start} in `onApplicationBootstrap`.
 * After SIGTERM it calls {@link leave} in `onModuleDestroy`, and then {@link close} in `onApplicationShutdown`. A
 * signal during the start has Nest call them while `start` still runs: then the start goes no further.
 */
export class MemberLifecycle {
  readonly #closing = new AbortController();
  readonly #storeOpener: StoreOpener;
  #starting: Promise<void> = Promise.resolve();
  #leaving: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #drain: TimeLimit | undefined;
  #drainTimer: Timer | undefined;

  constructor(
    private readonly member: HedgeMember,
    /** A store that the app made is the app's to close. */
    private readonly ownsStore: boolean,
    private readonly extensions: MemberExtensions,
  ) {
    const { election } = member.leader;
    this.#storeOpener = new StoreOpener(member, this.#closing.signal, () => election.start());
  }

  /** @throws HedgeError `NOT_RUNNING` */
  assertRunning(): void {
    const { notRunning } = this.member.state;
    if (notRunning) throw notRunning;
  }

  /**
   * Finds the app's handlers, listens, opens the store, takes part in the election, starts the crons. Fails on errors
   * that no waiting mends.
   * @throws HedgeError `INVALID_HANDLER`, `INVALID_OPTIONS`, `STORE_INVALID`
   */
  async start(): Promise<void> {
    this.#findHandlers();
    if (this.#isClosing) return;
    this.#starting = this.#begin();
    try {
      await this.#starting;
      if (!this.#isClosing) this.extensions.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (!this.#isClosing) await this.#reached('started');
  }

  /**
   * First half of a shutdown: gives up leadership, but no work. Running handlers end, for at most `drainTimeout` ms,
   * while the session is still renewed. Requests that arrive now go to the next leader.
   */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /** Second half of a shutdown: gives back all that is left, and ends everything, connections last. */
  close(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  #findHandlers(): void {
    const { leader, messages } = this.member;
    leader.hooks.find();
    leader.memberHooks.find();
    messages.registerHandlers();
    this.extensions.find();
  }

  async #begin(): Promise<void> {
    await this.#reached('starting');
    await this.#listen();
    // Takes part in the election as soon as the store is open.
    await this.#storeOpener.open();
    if (!this.#isClosing) this.member.state.begin();
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

  async #leave(): Promise<void> {
    const { clock, leader, locks, messages, options, state } = this.member;
    const { drainTimeout } = options;
    // 1. End the start, if it still runs, and begin no more terms.
    this.#closing.abort();
    state.leave();
    void this.#reached('leaving');
    leader.election.abstain();
    await Promise.allSettled([this.#starting, this.#storeOpener.settled]);
    // 2. Say goodbye, so that the others take this member off their lists.
    const goodbye = leader.membership.leave(NOTICE_TIMEOUT);
    // 3. Start no more handlers, and let running ones end. After `drainTimeout`, reject every wait for a lock.
    this.#drain = new TimeLimit(clock, drainTimeout);
    this.#drainTimer = clock.after(drainTimeout, () => void locks.refuse());
    await messages.running.drain(drainTimeout);
    // 4. Give leadership back, after the app's `@OnLeadershipLost()` methods.
    await leader.election.retire(Math.max(LEAST_RELEASE_TIME, this.#drainLeft));
    await goodbye;
  }

  async #end(): Promise<void> {
    const { events, leader, locks, log, logger, peers, server, session, state, store } =
      this.member;
    // 1. Leave, if Nest has not called that, and refuse every call from here on.
    await this.leave().catch((error: unknown) => logger.error(LEAVING_FAILED(error)));
    state.end();
    this.#drainTimer?.cancel();
    // 2. Give back locks and permits, after the work that holds them.
    await locks.close(this.#drainLeft, LEAST_RELEASE_TIME);
    // 3. Reject calls that still wait for a leader or for the store.
    leader.view.close();
    log.reader.close();
    log.outcomes.close();
    // 4. Stop what runs in the background.
    await leader.election.stop();
    leader.membership.stop();
    session.renewer.stop();
    session.releaser.stop();
    // 5. Close connections, port and store.
    peers.close();
    await server.close();
    if (this.ownsStore) await store.close();
    events.complete();
    await this.#reached('closed');
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** ms of `drainTimeout` that are left. */
  get #drainLeft(): number {
    return this.#drain?.left ?? 0;
  }

  async #reached(stage: LifeStage): Promise<void> {
    await this.member.surroundings?.reached(stage, this.member);
  }
}
