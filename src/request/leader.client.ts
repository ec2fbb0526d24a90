import { abortWith } from '../abort.listeners.js';
import { hasCode, HedgeError, type HedgeErrorCode } from '../errors/index.js';
import type { Election, KnownLeader, LeaderView } from '../leader/index.js';
import {
  PeerLostError,
  PeerUnreachableError,
  type MessageHeaders,
  type Peers,
  type StreamRequest,
} from '../messaging/index.js';
import { Backoff, TimeLimit, type Clock, type WaitLimits } from '../time/index.js';
import { readRefusal, type LeaderEnvelope } from './leader.envelope.js';
import { NO_LEADER_ANSWERED, OUTCOME_UNKNOWN, STREAM_TERM_ENDED } from './request.messages.js';

export interface LeaderRequestLimits extends WaitLimits {
  /** Whether the request may run twice without harm. It is then repeated when the outcome is unknown. */
  readonly idempotent?: boolean;
  /** Travel beside the data. */
  readonly headers?: MessageHeaders | undefined;
}

/** Sends requests to the leader, and follows the leader from member to member. */
export class LeaderClient {
  constructor(
    private readonly peers: Peers,
    private readonly view: LeaderView,
    private readonly election: Election,
    private readonly clock: Clock,
  ) {}

  /** @throws HedgeError `NO_LEADER`, `TIMEOUT`, `ABORTED`, `CONNECTION_LOST`, and the errors of the handler */
  request(route: string, data: unknown, limits: LeaderRequestLimits): Promise<unknown> {
    return this.#repeat(limits, (leader, timeout) =>
      this.#ask(leader, route, data, limits, timeout),
    );
  }

  /**
   * Resolves when the leader accepts the stream. After that it is never begun again. It ends with CONNECTION_LOST when
   * another member is known to lead in a newer term, because a leader that hangs keeps its connections open.
   * @throws HedgeError as {@link request}
   */
  async stream(
    route: string,
    data: unknown,
    request: StreamRequest,
    limits: LeaderRequestLimits,
  ): Promise<void> {
    const { signal, headers } = limits;
    await this.#repeat(limits, async (leader, timeout) => {
      const envelope = this.#envelope(data, timeout, headers);
      const options = { ...request, timeout, signal };
      const stream = await this.peers.stream(leader.id, route, envelope, options);
      const endIfSuperseded = (known: KnownLeader | undefined) => {
        // A member that leads again has ended its earlier streams, and may have begun this stream in its new term.
        if (!known || known.token <= leader.token || known.id === leader.id) return;
        stream.fail(new HedgeError('CONNECTION_LOST', STREAM_TERM_ENDED));
      };
      const changes = this.view.changes.subscribe(endIfSuperseded);
      endIfSuperseded(this.view.current);
      void stream.closed.then(() => changes.unsubscribe());
    });
  }

  /**
   * Asks the leader that is known now, and no other. It suits requests with a late answer, and callers that can do without
   * a leader.
   * @returns undefined when no leader is known, and when the leader is gone, refuses or is known to lead no longer
   * @throws HedgeError `TIMEOUT`, `ABORTED`, and the errors of the handler
   */
  async requestCurrent(
    route: string,
    data: unknown,
    { timeout, signal }: WaitLimits,
  ): Promise<unknown> {
    const leader = this.view.current;
    if (!leader) return undefined;
    const stop = new AbortController();
    const unwatch = this.view.whenOver(leader, () => stop.abort(SUPERSEDED));
    const unlisten = abortWith(signal, stop);
    try {
      const limits = { timeout, signal: stop.signal };
      return await this.peers.request(leader.id, route, this.#envelope(data, timeout), limits);
    } catch (error) {
      if (this.#mayRepeat(error, leader, { timeout, idempotent: true })) return undefined;
      throw error;
    } finally {
      unwatch();
      unlisten();
    }
  }

  async #repeat<R>(
    limits: LeaderRequestLimits,
    ask: (leader: KnownLeader, timeout: number) => Promise<R>,
  ): Promise<R> {
    const limit = new TimeLimit(this.clock, limits.timeout);
    const backoff = new Backoff(5, 200);
    let mayHaveHappened = false;
    for (;;) {
      const { left } = limit;
      let leader: KnownLeader | undefined;
      try {
        leader = await this.#leader({ timeout: left, signal: limits.signal });
        return await ask(leader, Math.max(1, left));
      } catch (error) {
        if (!leader || !this.#mayRepeat(error, leader, limits)) {
          throw mayHaveHappened ? outcomeUnknown(error) : error;
        }
        mayHaveHappened ||= !readRefusal(error) && !(error instanceof PeerUnreachableError);
        await this.#pause(backoff.next(), leader, limits.signal);
      }
    }
  }

  async #leader(wait: WaitLimits): Promise<KnownLeader> {
    if (wait.timeout > 0) return this.view.known(wait);
    throw new HedgeError('NO_LEADER', NO_LEADER_ANSWERED);
  }

  /** Waits for a newer term, which is tried at once. The same term is tried again only after the delay. */
  async #pause(delay: number, asked: KnownLeader, signal: AbortSignal | undefined): Promise<void> {
    await this.view.known({ timeout: delay, signal }, asked.token).catch(() => undefined);
  }

  async #ask(
    leader: KnownLeader,
    route: string,
    data: unknown,
    limits: LeaderRequestLimits,
    timeout: number,
  ): Promise<unknown> {
    const envelope = this.#envelope(data, timeout, limits.headers);
    if (!limits.idempotent) {
      return this.peers.request(leader.id, route, envelope, { timeout, signal: limits.signal });
    }
    // A leader that hangs keeps its connections open. When a newer term is known, waiting for it makes no sense.
    const newer = new AbortController();
    const signal = limits.signal ? AbortSignal.any([limits.signal, newer.signal]) : newer.signal;
    const changes = this.view.changes.subscribe((known) => {
      if (known && known.token > leader.token) newer.abort(SUPERSEDED);
    });
    try {
      return await this.peers.request(leader.id, route, envelope, { timeout, signal });
    } finally {
      changes.unsubscribe();
    }
  }

  #envelope(data: unknown, timeout: number, headers?: MessageHeaders): LeaderEnvelope {
    return { d: data, t: this.view.newestTokenText, w: Math.ceil(timeout), h: headers };
  }

  /** Says whether the request may be sent again (SENT-ONCE). Notes what the failure says about the leader. */
  #mayRepeat(
    error: unknown,
    leader: KnownLeader,
    { idempotent = false }: LeaderRequestLimits,
  ): boolean {
    const refusal = readRefusal(error);
    if (refusal) {
      this.#learn(refusal.leader, leader);
      return true;
    }
    if (error instanceof PeerUnreachableError) {
      this.election.lookNow();
      return true;
    }
    if (error instanceof PeerLostError) {
      this.election.lookNow();
      return idempotent;
    }
    return hasCode(error, 'ABORTED') && error.cause === SUPERSEDED;
  }

  #learn(named: KnownLeader | undefined, asked: KnownLeader): void {
    // Hearsay is good for one attempt: only the leader itself or the store knows how long its term lasts.
    if (named && named.token > asked.token) this.view.observe(named, HEARSAY_LIFETIME);
    else this.election.lookNow();
  }
}

/** An earlier attempt may have been carried out: no code of the last attempt may say that nothing was done. */
function outcomeUnknown(error: unknown): unknown {
  if (error instanceof HedgeError && UNKNOWN_ANYWAY.includes(error.code)) return error;
  return new HedgeError('CONNECTION_LOST', OUTCOME_UNKNOWN, { cause: error });
}

/** Codes that leave it open whether the request was carried out. */
const UNKNOWN_ANYWAY: readonly HedgeErrorCode[] = [
  'TIMEOUT',
  'ABORTED',
  'HANDLER_ERROR',
  'CONNECTION_LOST',
];

const SUPERSEDED = Symbol('superseded');
/** How long a leader counts as known that another member named, in ms. */
const HEARSAY_LIFETIME = 1_000;
