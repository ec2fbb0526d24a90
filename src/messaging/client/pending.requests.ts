import { onAbort } from '../../abort.listeners.js';
import { HedgeError } from '../../errors/index.js';
import { LONGEST_TIMER, type Clock, type Timer } from '../../time/index.js';
import { rebuildError } from '../wire/message.codec.js';
import { REQUEST_ABORTED, REQUEST_TIMEOUT } from './client.messages.js';
import { PeerLostError, PeerUnreachableError } from './peer.errors.js';
import { HELLO_PACKET_ID, type ReplyPacket, type RequestId } from '../wire/protocol.js';

export interface RequestOptions {
  /** How long to wait for the reply, in ms. Connecting is part of that time. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** A request as it leaves. */
export interface EncodedRequest {
  readonly id: number;
  readonly route: string;
  readonly json: string;
  /** Whether bytes of it may have left: only then is the outcome unknown. */
  isSent: boolean;
  /** How many frames had arrived when it was sent. */
  sentAfter: number;
}

/** Settles the promise of a caller. */
export interface Settle {
  readonly resolve: (response: unknown, reply: ReplyPacket) => void;
  readonly reject: (error: unknown) => void;
}

interface Waiter extends EncodedRequest, Settle {
  readonly timer: Timer;
  readonly signal: AbortSignal | undefined;
  ignoreSignal: (() => void) | undefined;
}

/** The requests of one connection that have no reply yet. Each is settled exactly once. */
export class PendingRequests {
  readonly #waiters = new Map<RequestId, Waiter>();
  #lastId = HELLO_PACKET_ID;

  /** @param onGivenUp called for a request that expired or was aborted */
  constructor(
    private readonly peer: string,
    private readonly clock: Clock,
    private readonly onGivenUp?: (request: EncodedRequest, isExpired: boolean) => void,
  ) {}

  get size(): number {
    return this.#waiters.size;
  }

  /** @returns false when its caller waits no longer */
  markSent(id: RequestId): boolean {
    const waiter = this.#waiters.get(id);
    if (waiter) waiter.isSent = true;
    return waiter !== undefined;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  add(
    id: number,
    route: string,
    json: string,
    options: RequestOptions,
    settle: Settle,
  ): EncodedRequest {
    const { signal } = options;
    // Timers of whole milliseconds share Node's timer lists: that makes a timer per request cheap.
    const timeout = Math.min(Math.max(Math.ceil(options.timeout), 1), LONGEST_TIMER);
    const waiter: Waiter = {
      id,
      route,
      json,
      isSent: false,
      sentAfter: 0,
      resolve: settle.resolve,
      reject: settle.reject,
      timer: this.clock.after(timeout, () => this.#expire(waiter, timeout)),
      signal,
      ignoreSignal: undefined,
    };
    if (signal) waiter.ignoreSignal = onAbort(signal, () => this.#abort(waiter));
    this.#waiters.set(id, waiter);
    return waiter;
  }

  /** Settles the request that a reply belongs to. A reply that comes too late is dropped. */
  settle(reply: ReplyPacket): void {
    const waiter = this.#waiters.get(reply.id);
    if (!waiter) return;
    this.#take(waiter);
    if (reply.err === undefined || reply.err === null) waiter.resolve(reply.response, reply);
    else waiter.reject(rebuildError(reply.err, waiter.route));
  }

  /** The connection is gone: the outcome of sent requests is unknown, the others can be repeated. */
  rejectAll(reason: string, cause?: unknown): void {
    const options = cause === undefined ? undefined : { cause };
    for (const waiter of this.#waiters.values()) {
      this.#take(waiter);
      waiter.reject(
        waiter.isSent
          ? new PeerLostError(this.peer, waiter.route, options)
          : new PeerUnreachableError(this.peer, reason, options),
      );
    }
  }

  /** The other side will never read the requests after this one: they can be repeated. */
  rejectAfter(lastId: number, reason: string): void {
    for (const waiter of this.#waiters.values()) {
      if (waiter.isSent && waiter.id <= lastId) continue;
      this.#take(waiter);
      waiter.reject(new PeerUnreachableError(this.peer, reason));
    }
  }

  #expire(waiter: Waiter, timeout: number): void {
    this.#take(waiter);
    waiter.reject(new HedgeError('TIMEOUT', REQUEST_TIMEOUT(this.peer, waiter.route, timeout)));
    this.onGivenUp?.(waiter, true);
  }

  #abort(waiter: Waiter): void {
    this.#take(waiter);
    waiter.reject(abortedError(this.peer, waiter.route, waiter.signal));
    this.onGivenUp?.(waiter, false);
  }

  #take(waiter: Waiter): void {
    this.#waiters.delete(waiter.id);
    waiter.timer.cancel();
    waiter.ignoreSignal?.();
  }
}

/** @internal */
export function abortedError(
  peer: string,
  route: string,
  signal: AbortSignal | undefined,
): HedgeError {
  return new HedgeError('ABORTED', REQUEST_ABORTED(peer, route), { cause: signal?.reason });
}
