import { defer, lastValueFrom, Observable, tap, toArray } from 'rxjs';
import { onAbort } from '../abort.listeners.js';
import { ABORTED, EXPECTED, HedgeError } from '../errors/index.js';
import {
  assertInEnvelope,
  type EncodedData,
  type MessageTrace,
  type MessageTracing,
  type Peers,
} from '../messaging/index.js';
import { routeOf, type Pattern } from '../handlers/index.js';
import { waitLimits, type WaitLimits } from '../time/index.js';
import { BROADCAST_ROUTE, type BroadcastEnvelope } from './broadcast.envelope.js';
import type { BroadcastOptions, BroadcastReply } from './broadcast.types.js';

export interface BroadcasterParts {
  readonly peers: Peers;
  readonly tracing: MessageTracing;
  /** The default of `timeout`, in ms. */
  readonly requestTimeout: number;
  /** The id of this member. */
  readonly self: () => string;
  /** The ids of all members, this one included. */
  readonly members: () => readonly string[];
}

/** A message, and the members that get it. */
interface Round {
  readonly route: string;
  readonly data: EncodedData;
  readonly members: readonly string[];
  readonly limits: WaitLimits;
  readonly trace: MessageTrace;
}

/** Asks all members at the same time. A member that is gone or hangs delays no other member's reply. */
export class Broadcaster {
  constructor(private readonly parts: BroadcasterParts) {}

  /** Gives the replies in the order of the member list. */
  async broadcast<R>(
    pattern: Pattern,
    data: unknown,
    options: BroadcastOptions = {},
  ): Promise<BroadcastReply<R>[]> {
    const round = this.#round(pattern, data, options);
    const replies = await lastValueFrom(this.#ask<R>(round).pipe(toArray()));
    const ranks = new Map(round.members.map((id, rank) => [id, rank]));
    const rankOf = ({ member }: BroadcastReply) => ranks.get(member) ?? Infinity;
    return replies.toSorted((one, other) => rankOf(one) - rankOf(other));
  }

  /** Gives the replies as they arrive. */
  stream<R>(
    pattern: Pattern,
    data: unknown,
    options: BroadcastOptions = {},
  ): Observable<BroadcastReply<R>> {
    return defer(() => this.#ask<R>(this.#round(pattern, data, options)));
  }

  #round(pattern: Pattern, data: unknown, options: BroadcastOptions): Round {
    const limits = waitLimits(options, this.parts.requestTimeout);
    const name = routeOf(pattern);
    const members = this.#membersOf(options);
    assertInEnvelope(data);
    const trace = this.parts.tracing.sent({ kind: 'broadcast', pattern: name });
    return {
      members,
      limits,
      trace,
      ...this.#encoded(BROADCAST_ROUTE + name, data, limits, trace),
    };
  }

  /** Encoded once for all members: 1 MB for each of 200 members would take longer than a lease can wait. */
  #encoded(
    route: string,
    data: unknown,
    { timeout }: WaitLimits,
    trace: MessageTrace,
  ): Pick<Round, 'route' | 'data'> {
    const envelope: BroadcastEnvelope = { d: data, w: Math.ceil(timeout), h: trace.headers };
    try {
      return { route, data: this.parts.peers.encode(route, envelope) };
    } catch (error) {
      trace.end(error);
      throw error;
    }
  }

  #membersOf({ only, skipSelf = false }: BroadcastOptions): string[] {
    if (only !== undefined && !isListOfTexts(only)) {
      throw new HedgeError('INVALID_ARGUMENT', EXPECTED('only', 'a list of member ids', only));
    }
    const ids = [...new Set(only ?? this.parts.members())];
    return skipSelf ? ids.filter((id) => id !== this.parts.self()) : ids;
  }

  #ask<R>(round: Round): Observable<BroadcastReply<R>> {
    const { trace } = round;
    const over = (error?: unknown) => trace.end(error);
    return this.#replies<R>(round).pipe(tap({ complete: over, error: over, unsubscribe: over }));
  }

  #replies<R>(round: Round): Observable<BroadcastReply<R>> {
    return new Observable((subscriber) => {
      const { members, limits } = round;
      const { signal } = limits;
      const unsubscribed = new AbortController();
      subscriber.add(() => unsubscribed.abort());
      const giveUp = () => {
        const cause: unknown = signal?.reason;
        subscriber.error(new HedgeError('ABORTED', ABORTED('broadcasting'), { cause }));
      };
      if (signal?.aborted) {
        giveUp();
        return;
      }
      if (signal) subscriber.add(onAbort(signal, giveUp));
      const replies = round.trace.run(() =>
        members.map(async (member) => {
          subscriber.next(await this.#replyOf<R>(member, round, unsubscribed.signal));
        }),
      );
      Promise.all(replies).then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      );
    });
  }

  async #replyOf<R>(
    member: string,
    { route, data, limits }: Round,
    signal: AbortSignal,
  ): Promise<BroadcastReply<R>> {
    const { timeout } = limits;
    try {
      const reply = (await this.parts.peers.request(member, route, data, { timeout, signal })) as R;
      return { member, reply };
    } catch (error) {
      if (error instanceof HedgeError) return { member, error };
      throw error;
    }
  }
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
