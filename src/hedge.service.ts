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

/** This member of the group: what it knows, and what it can ask of the leader. */
export class HedgeService {
  /** Leadership gained and lost, leaders and members that change: as it happens, nothing kept for late subscribers. */
  readonly events$: Observable<HedgeEvent>;

  /** @internal made by `HedgeModule`: inject it */
  constructor(
    private readonly member: HedgeMember,
    private readonly lifecycle: MemberLifecycle,
  ) {
    this.events$ = member.events.events$;
  }

  /**
   * The `host:port` that others reach this member at.
   * @throws HedgeError `NOT_RUNNING`
   */
  get id(): string {
    this.lifecycle.assertRunning();
    return this.member.identity.id;
  }

  /**
   * Resolves once this member listens and knows of a leader.
   * @throws HedgeError `NOT_RUNNING`, `NO_LEADER`, `ABORTED`
   */
  async ready(options: WaitOptions = {}): Promise<void> {
    await this.leader(options);
  }

  /** Whether this member leads, by its own clocks: no I/O, and never true past its deadline. */
  isLeader(): boolean {
    return this.member.leader.election.term !== undefined;
  }

  /** The term while this member leads. */
  get leadership(): Leadership | undefined {
    return this.isLeader() ? this.member.leader.terms.newest : undefined;
  }

  /**
   * The term that the running code belongs to, which may be over by now: that of a leader handler, of a `@LeaderOnly()`
   * method, of `@OnLeadershipGained()`. Its `signal` says when to stop. What a put is bound to without saying so.
   */
  get currentTerm(): Leadership | undefined {
    const term = this.member.scope.current;
    return term && this.member.leader.terms.leadershipOf(term);
  }

  /**
   * The id of the leader, waiting for one where none is known.
   * @throws HedgeError `NOT_RUNNING`, `NO_LEADER`, `ABORTED`
   */
  async leader(options: WaitOptions = {}): Promise<string> {
    this.lifecycle.assertRunning();
    const limits = waitLimits(options, this.member.options.requestTimeout);
    return (await this.member.leader.view.known(limits)).id;
  }

  /**
   * The members of the group as far as this one knows, itself among them, the oldest first. No I/O: joins and leaves are
   * pushed as they happen, a crash shows within a second, a process that hangs within five.
   * @throws HedgeError `NOT_RUNNING`
   */
  members(): Member[] {
    this.lifecycle.assertRunning();
    return this.member.leader.members.all;
  }

  /**
   * Gives leadership back and lets the others go first for a moment. Resolves when the store has it; does nothing on
   * a member that does not lead.
   * @throws HedgeError `NOT_RUNNING`
   */
  async stepDown(): Promise<void> {
    this.lifecycle.assertRunning();
    await this.member.leader.election.stepDown('stepped-down');
  }

  /**
   * Appends a version of a key, by the leader's hand, from any member. Retried across a change of leader without
   * writing twice. With `lock` this member writes it itself, as long as it holds that lock.
   * @throws HedgeError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`: nothing was sent. `NO_LEADER`, `NOT_LEADER`,
   *   `LOCK_LOST`, `STORE_INVALID`: nothing was written. `TIMEOUT`, `CONNECTION_LOST`, `ABORTED`: it may still land.
   */
  async put(key: string, value: string, options?: PutOptions): Promise<LogReceipt> {
    this.lifecycle.assertRunning();
    return this.member.log.writer.put(key, value, options);
  }

  /**
   * The newest version of a key, read from the store.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`, `STORE_INVALID`, `ABORTED`
   */
  async get(key: string, options?: GetOptions): Promise<LogEntry | undefined> {
    this.lifecycle.assertRunning();
    return this.member.log.reader.get(key, options);
  }

  /**
   * The versions of a key, newest first unless asked otherwise, read from the store.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`, `STORE_INVALID`, `ABORTED`
   */
  async history(key: string, options?: HistoryOptions): Promise<LogEntry[]> {
    this.lifecycle.assertRunning();
    return this.member.log.reader.history(key, options);
  }

  /**
   * Drops all but the newest `keep` versions of a key; those younger than twice `requestTimeout` stay too, for a put
   * that is being retried must meet the entry it repeats.
   * @returns how many were dropped
   * @throws HedgeError `NOT_RUNNING`, `INVALID_ARGUMENT`, `NO_LEADER`, `TIMEOUT`, `ABORTED`, `CONNECTION_LOST`
   */
  async trim(key: string, options: TrimOptions): Promise<number> {
    this.lifecycle.assertRunning();
    return this.member.log.trimmer.trim(key, options);
  }

  /**
   * Asks the leader's `@OnLeaderMessage(pattern)` handler.
   * @throws HedgeError `NO_HANDLER`, `HANDLER_ERROR`, `NO_LEADER`, `TIMEOUT`, `ABORTED`, `INVALID_ARGUMENT`,
   *   `PAYLOAD_TOO_LARGE`; `CONNECTION_LOST`: it was sent, and whether it was handled is unknown
   */
  async send<R = unknown>(pattern: Pattern, data: unknown, options?: SendOptions): Promise<R> {
    this.lifecycle.assertRunning();
    return this.member.messages.sender.send<R>(pattern, data, options);
  }

  /**
   * Asks the leader for many values: all that its `@OnLeaderMessage(pattern)` or `@OnLeaderStream(pattern)` handler
   * returns. Subscribe to it, or read it with `for await`, which slows the leader down to the pace of the loop; each
   * consumer makes a request of its own, and leaving it (or `options.signal`) ends the handler too.
   *
   * @param data An Observable or an (async) iterable other than a text, an array or bytes is streamed to the handler as
   * it asks for it, and must be one that can be read again where there is a second consumer.
   * @param options `timeout` is for the leader to accept; until then the request goes to whoever leads, and after that
   * it is never repeated.
   * @throws HedgeError at the consumer: as {@link send}; `CONNECTION_LOST` also when the leader's term ends,
   *   `STREAM_OVERFLOW` where an Observable emits faster than the other side takes it
   */
  stream<R = unknown>(pattern: Pattern, data: unknown, options?: SendOptions): HedgeStream<R> {
    return new HedgeStream(() => {
      this.lifecycle.assertRunning();
      return this.member.messages.streams.open<R>(pattern, data, options);
    });
  }

  /**
   * Asks every member's `@OnBroadcast(pattern)` handler, this one's too, all at once. Resolves when each has answered
   * or failed; what became of it at a member stands in that member's entry, in the order of the member list: an error
   * `NO_HANDLER`, `HANDLER_ERROR`, `NOT_RUNNING`, `TIMEOUT` or `CONNECTION_LOST`. No member is ever sent it twice.
   * @throws HedgeError `NOT_RUNNING`, `ABORTED`, `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`
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
   * The same, each reply as it comes. Every subscription is a broadcast of its own, and unsubscribing gives up what is
   * pending.
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
   * The semaphore of this name, of which the group may hold `limit` permits at a time. No I/O: it is made anew each time,
   * and what counts is the name.
   * @param limit 1 to 10,000, the same for all who use it; it can change once nobody holds a permit
   * @throws HedgeError `INVALID_ARGUMENT`
   */
  semaphore(name: string, limit: number): Semaphore {
    return this.member.locks.semaphore(name, limit);
  }
}
