import { defer, type Observable } from 'rxjs';
import type { BroadcastOptions, BroadcastReply } from './broadcast/index.js';
import type { MemberLifecycle, HedgeMember } from './member/index.js';
import type { HedgeEvent, Leadership } from './leader/index.js';
import type { Member } from './membership/index.js';
import type {
  GetOptions,
  HistoryOptions,
  LogEntry,
  LogReceipt,
  PutOptions,
  TrimOptions,
} from './log/index.js';
import { HedgeStream } from './messaging/index.js';
import type { Pattern } from './handlers/index.js';
import type { SendOptions } from './request/index.js';
import type { Semaphore } from './semaphore/index.js';
import { waitLimits, type WaitOptions } from './time/index.js';

/**
 * This member of the group: its role, the members it knows, the log, and messages to the leader and to all members.
 * Inject it into any provider or controller.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Orders {
 *   constructor(private readonly hedge: HedgeService) {}
 *
 *   // Any member can call this.
 *   submit(order: { id: string }): Promise<string> {
 *     return this.hedge.send<string>('order.place', order);
 *   }
 *
 *   // This runs on the leader only.
 *   @OnLeaderMessage('order.place')
 *   async place(@Payload() order: { id: string }): Promise<string> {
 *     const { timestamp } = await this.hedge.put(`order/${order.id}`, JSON.stringify(order));
 *     return timestamp;
 *   }
 * }
 * ```
 */
export class HedgeService {
  /**
   * Reports that leadership is gained or lost, that the leader or the members change, and that a cron was interrupted.
   * Late subscribers do not get earlier events.
   *
   * @example
   * ```ts
   * function logMembers(hedge: HedgeService): void {
   *   hedge.events$.subscribe((event) => {
   *     if (event.type === 'members.changed') console.log(event.joined, event.left);
   *   });
   * }
   * ```
   */
  readonly events$: Observable<HedgeEvent>;

  /** @internal `HedgeModule` makes it: inject it */
  constructor(
    private readonly member: HedgeMember,
    private readonly lifecycle: MemberLifecycle,
  ) {
    this.events$ = member.events.events$;
  }

  /**
   * The `host:port` at which other members reach this member.
   * @throws HedgeError `NOT_RUNNING`
   */
  get id(): string {
    this.lifecycle.assertRunning();
    return this.member.identity.id;
  }

  /**
   * Resolves when this member listens and knows a leader.
   * @throws HedgeError `NOT_RUNNING`, `NO_LEADER`, `ABORTED`
   */
  async ready(options: WaitOptions = {}): Promise<void> {
    await this.leader(options);
  }

  /**
   * Whether this member leads now. It compares the clocks of this member and does no I/O. It is never true after the
   * deadline of the session.
   *
   * @example
   * ```ts
   * async function refreshPrices(hedge: HedgeService): Promise<void> {
   *   if (!hedge.isLeader()) return;
   *   await hedge.put('prices', JSON.stringify({ apple: 3 }));
   * }
   * ```
   */
  isLeader(): boolean {
    return this.member.leader.election.term !== undefined;
  }

  /** The leadership term while this member leads. Undefined on the other members. */
  get leadership(): Leadership | undefined {
    return this.isLeader() ? this.member.leader.terms.newest : undefined;
  }

  /**
   * The leadership term in which the running code started: in a leader handler, a `@LeaderOnly()` method, or an
   * `@OnLeadershipGained()` method. The term may be over already: its `signal` says when to stop. A put in this code is
   * bound to this term.
   */
  get currentTerm(): Leadership | undefined {
    const term = this.member.scope.current;
    return term && this.member.leader.terms.leadershipOf(term);
  }

  /**
   * The id of the leader. Waits while this member knows no leader.
   * @throws HedgeError `NOT_RUNNING`, `NO_LEADER`, `ABORTED`
   */
  async leader(options: WaitOptions = {}): Promise<string> {
    this.lifecycle.assertRunning();
    const limits = waitLimits(options, this.member.options.requestTimeout);
    return (await this.member.leader.view.known(limits)).id;
  }

  /**
   * The members of the group that this member knows, including itself, oldest first. It does no I/O: the leader
   * announces each change. A crash shows within 1 second, a process that hangs within 5 seconds.
   * @throws HedgeError `NOT_RUNNING`
   */
  members(): Member[] {
    this.lifecycle.assertRunning();
    return this.member.leader.members.all;
  }

  /**
   * Releases the leadership and lets the other candidates go first for a moment. Resolves when the store has the
   * release. Does nothing on a member that does not lead.
   * @throws HedgeError `NOT_RUNNING`
   */
  async stepDown(): Promise<void> {
    this.lifecycle.assertRunning();
    await this.member.leader.election.stepDown('stepped-down');
  }

  /**
   * Appends a version of a key to the log. Any member can call it, and the leader writes the entry. A retry after a
   * change of leader never writes the entry twice. With `lock`, this member writes the entry itself while it holds that
   * lock.
   *
   * @throws HedgeError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`: nothing was sent. `NO_LEADER`, `NOT_LEADER`,
   *   `LOCK_LOST`, `STORE_INVALID`: nothing was written. `TIMEOUT`, `CONNECTION_LOST`, `ABORTED`: the entry may be
   *   written.
   *
   * @example
   * ```ts
   * async function savePrice(hedge: HedgeService, price: number): Promise<string> {
   *   const receipt = await hedge.put('prices/apple', JSON.stringify(price), { timeout: 5_000 });
   *   return receipt.timestamp;
   * }
   * ```
   */
  async put(key: string, value: string, options?: PutOptions): Promise<LogReceipt> {
    this.lifecycle.assertRunning();
    return this.member.log.writer.put(key, value, options);
  }

  /**
   * Reads the newest version of a key from the store.
   *
   * @example
   * ```ts
   * async function priceOf(hedge: HedgeService, fruit: string): Promise<number | undefined> {
   *   const entry = await hedge.get(`prices/${fruit}`);
   *   return entry && Number(entry.value);
   * }
   * ```
   *
   * @throws HedgeError `NOT_RUNNING`, `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`, `STORE_INVALID`, `ABORTED`
   */
  async get(key: string, options?: GetOptions): Promise<LogEntry | undefined> {
    this.lifecycle.assertRunning();
    return this.member.log.reader.get(key, options);
  }

  /**
   * Reads the versions of a key from the store, newest first unless `order` says otherwise.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`, `STORE_INVALID`, `ABORTED`
   */
  async history(key: string, options?: HistoryOptions): Promise<LogEntry[]> {
    this.lifecycle.assertRunning();
    return this.member.log.reader.history(key, options);
  }

  /**
   * Deletes all versions of a key except the newest `keep`. Versions younger than twice `requestTimeout` stay too,
   * because a retried put must find the entry that it repeats.
   * @returns how many versions it deleted
   * @throws HedgeError `NOT_RUNNING`, `INVALID_ARGUMENT`, `NO_LEADER`, `TIMEOUT`, `ABORTED`, `CONNECTION_LOST`
   */
  async trim(key: string, options: TrimOptions): Promise<number> {
    this.lifecycle.assertRunning();
    return this.member.log.trimmer.trim(key, options);
  }

  /**
   * Sends a message to the leader. The `@OnLeaderMessage(pattern)` handler there answers it.
   *
   * @throws HedgeError `NO_HANDLER`, `HANDLER_ERROR`, `NO_LEADER`, `TIMEOUT`, `ABORTED`, `INVALID_ARGUMENT`,
   *   `PAYLOAD_TOO_LARGE`. `CONNECTION_LOST`: the message was sent, and the handler may or may not have run.
   *
   * @example
   * ```ts
   * async function nextNumber(hedge: HedgeService): Promise<number> {
   *   return hedge.send<number>('numbers.next', { series: 'invoices' }, { timeout: 5_000 });
   * }
   * ```
   */
  async send<R = unknown>(pattern: Pattern, data: unknown, options?: SendOptions): Promise<R> {
    this.lifecycle.assertRunning();
    return this.member.messages.sender.send<R>(pattern, data, options);
  }

  /**
   * Asks the leader for many values: all values that its `@OnLeaderMessage(pattern)` or `@OnLeaderStream(pattern)`
   * handler returns. Subscribe to the stream, or read it with `for await`, which slows the leader down to the pace of
   * the loop. Each consumer makes its own request. A consumer that leaves (or `options.signal`) also ends the handler.
   *
   * @param data An Observable or an (async) iterable is streamed to the handler at the handler's pace. Strings, arrays
   * and bytes are sent as single values. For a second consumer, the iterable must be readable again.
   * @param options `timeout` limits the time until the leader accepts. Until then the request follows the leadership.
   * After that it is never repeated.
   * @throws HedgeError to the consumer: as {@link send}. `CONNECTION_LOST` also when the leader's term ends.
   *   `STREAM_OVERFLOW` when an Observable emits faster than the other side reads.
   *
   * @example
   * ```ts
   * async function printReport(hedge: HedgeService): Promise<void> {
   *   for await (const line of hedge.stream<string>('report.lines', { year: 2026 })) console.log(line);
   * }
   * ```
   */
  stream<R = unknown>(pattern: Pattern, data: unknown, options?: SendOptions): HedgeStream<R> {
    return new HedgeStream(() => {
      this.lifecycle.assertRunning();
      return this.member.messages.streams.open<R>(pattern, data, options);
    });
  }

  /**
   * Sends a message to all members at once, including this one. The `@OnBroadcast(pattern)` handler of each member
   * answers. Resolves when every member has answered or failed. The replies are in the order of the member list. A
   * reply can be an error: `NO_HANDLER`, `HANDLER_ERROR`, `NOT_RUNNING`, `TIMEOUT` or `CONNECTION_LOST`. No member gets
   * a message twice.
   *
   * @throws HedgeError `NOT_RUNNING`, `ABORTED`, `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`
   *
   * @example
   * ```ts
   * async function clearCaches(hedge: HedgeService): Promise<void> {
   *   const replies = await hedge.broadcast<number>('cache.clear', { older: 60 });
   *   for (const reply of replies) {
   *     if ('error' in reply) console.warn(reply.member, reply.error.code);
   *   }
   * }
   * ```
   */
  async broadcast<R = unknown>(
    pattern: Pattern,
    data: unknown,
    options?: BroadcastOptions,
  ): Promise<BroadcastReply<R>[]> {
    this.lifecycle.assertRunning();
    return this.member.messages.broadcaster.broadcast<R>(pattern, data, options);
  }

  /**
   * As {@link broadcast}, with each reply as it arrives. Every subscription is a new broadcast. To unsubscribe cancels
   * the handlers that still run.
   * @throws HedgeError in the Observable: `NOT_RUNNING`, `ABORTED`, `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`
   */
  broadcastStream<R = unknown>(
    pattern: Pattern,
    data: unknown,
    options?: BroadcastOptions,
  ): Observable<BroadcastReply<R>> {
    return defer(() => {
      this.lifecycle.assertRunning();
      return this.member.messages.broadcaster.stream<R>(pattern, data, options);
    });
  }

  /**
   * A semaphore: the group can hold `limit` permits of this name at a time. It does no I/O, and the name alone
   * identifies the semaphore.
   *
   * @param limit 1 to 10,000, the same in all calls. It can change when no member holds a permit.
   * @throws HedgeError `INVALID_ARGUMENT`
   *
   * @example
   * ```ts
   * async function importAll(hedge: HedgeService, urls: string[]): Promise<void> {
   *   const imports = hedge.semaphore('imports', 3);
   *   for (const url of urls) await imports.using(async ({ signal }) => void (await fetch(url, { signal })));
   * }
   * ```
   */
  semaphore(name: string, limit: number): Semaphore {
    return this.member.locks.semaphore(name, limit);
  }
}
