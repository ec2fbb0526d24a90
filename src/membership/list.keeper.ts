import { PeerUnreachableError, type Caller, type Peers } from '../messaging/index.js';
import { sleep, type Clock } from '../time/index.js';
import { ListHistory } from './list.history.js';
import type { ListUpdate, ListVersion } from './list.update.js';
import type { MemberInfo } from './member.info.js';
import type { MemberList } from './member.list.js';
import type { MemberProber } from './member.prober.js';
import {
  ANNOUNCEMENT,
  type Announcement,
  type Heartbeat,
  type SelfDescription,
} from './membership.protocol.js';
import { SilenceWatch } from './silence.watch.js';

/** ms: changes within this time are told together. */
const GATHERING_TIME = 20;

/** ms for a member to confirm a push; if it does not, the answer to its next heartbeat tells it again. */
const PUSH_TIMEOUT = 1_000;

export interface ListKeeperParts {
  readonly selfId: () => string;
  readonly list: MemberList;
  readonly peers: Peers;
  readonly prober: MemberProber;
  readonly clock: Clock;
  readonly describeSelf: () => SelfDescription;
}

/**
 * Keeps the list of the group, on the member that leads or led last: takes in heartbeats, checks members whose
 * connection closed, removes silent members, and tells every other member.
 */
export class ListKeeper {
  #history: ListHistory | undefined;
  #over = new AbortController();
  /** The version that each member was told last, by its id. */
  readonly #told = new Map<string, ListVersion>();
  /** Members that are checked before they are listed: their instance ids, by their ids. */
  readonly #admitting = new Map<string, string>();
  /** Counts how long each member has sent no heartbeat. */
  readonly #heartbeats: SilenceWatch;
  /** Counts how long each member has answered nothing. A member that sends but never answers is half cut off. */
  readonly #replies: SilenceWatch;
  #isFlushing = false;
  #isLeaving = false;

  constructor(private readonly parts: ListKeeperParts) {
    const { clock, list, peers } = parts;
    const silent = (id: string) => list.lose(id);
    this.#heartbeats = new SilenceWatch(clock, { silent });
    this.#replies = new SilenceWatch(clock, { silent, doubted: (id) => void this.#ask(id) });
    list.changes.subscribe((change) => {
      if (!this.#history) return;
      this.#history.record(change);
      for (const { id } of change.left) this.#forget(id);
      for (const { id } of change.joined) this.#watch(id);
      if (!this.#isFlushing) void this.#flush();
    });
    peers.onClose((id) => void this.#check(id));
  }

  /** Whether this member keeps the list. */
  get isActive(): boolean {
    return this.#history !== undefined;
  }

  /** The whole list, when this member keeps it. */
  get update(): ListUpdate | undefined {
    return this.#history?.since(undefined, this.#members);
  }

  /** This member keeps the list from now on, and says so. It begins with the list it has, and has it confirmed. */
  begin(token: bigint): void {
    this.end();
    const { list } = this.parts;
    list.recall();
    const history = (this.#history = new ListHistory(`${token}`, list.digest));
    this.#over = new AbortController();
    for (const { id } of list.others) {
      this.#watch(id);
      // The first push tells only which member leads now: each member then asks for the list with its next heartbeat.
      this.#told.set(id, history.current);
    }
    void this.tell(PUSH_TIMEOUT);
  }

  /** Another member keeps the list from now on. */
  end(): void {
    this.#history = undefined;
    this.#over.abort();
    this.#heartbeats.stop();
    this.#replies.stop();
    this.#told.clear();
  }

  /** Takes this member off the list that it keeps. Resolves when the others know, at most `timeout` ms later. */
  async leave(timeout: number): Promise<void> {
    this.#isLeaving = true;
    if (!this.#history) return;
    const { list, selfId } = this.parts;
    const self = list.get(selfId());
    if (self) this.#history.record({ joined: [], left: [self] });
    await this.tell(timeout);
  }

  answer(caller: Caller, heartbeat: Heartbeat): Announcement {
    const { list, describeSelf } = this.parts;
    const { self, leaving = false } = heartbeat;
    const about = describeSelf();
    const history = this.#history;
    if (!history || caller.isSelf) return { about };
    const listed = list.get(caller.id);
    const isListed = listed?.instanceId === caller.instanceId;
    if (leaving) {
      if (isListed) list.remove(caller.id);
      if (this.#admitting.get(caller.id) === caller.instanceId) this.#admitting.delete(caller.id);
    } else if (isListed) {
      this.#heartbeats.heard(caller.id);
    } else if (self && self.id === caller.id && self.instanceId === caller.instanceId) {
      void this.#admit(self, history.current);
    }
    return { about, isListed, members: this.#updateFor(history, heartbeat) };
  }

  /**
   * After a change of leader most members have the right list already: a large group's list is not sent to all again.
   */
  #updateFor(history: ListHistory, { known, digest }: Heartbeat): ListUpdate | undefined {
    const hasBase = digest === history.base && known?.token !== history.current.token;
    return hasBase ? history.sinceBase(this.#members) : history.since(known, this.#members);
  }

  /** Tells every other member the list, and which member leads. Resolves when they know, at most `timeout` ms later. */
  async tell(timeout: number): Promise<void> {
    const { others } = this.parts.list;
    await Promise.allSettled(others.map(({ id }) => this.#push(id, timeout)));
  }

  get #members(): readonly MemberInfo[] {
    const { list } = this.parts;
    return this.#isLeaving ? list.others : list.all;
  }

  /**
   * Lists a member if it can be reached: otherwise the others would wait for its replies in vain.
   * @param told the list that its heartbeat's answer tells it
   */
  async #admit(member: MemberInfo, told: ListVersion): Promise<void> {
    const { signal } = this.#over;
    const { id, instanceId } = member;
    if (this.#admitting.has(id)) return;
    this.#admitting.set(id, instanceId);
    const verdict = await this.parts.prober.probe(id, instanceId, signal);
    // It may have said goodbye meanwhile.
    const isWanted = this.#admitting.get(id) === instanceId && this.#admitting.delete(id);
    if (verdict !== 'alive' || !isWanted || signal.aborted) return;
    this.parts.list.add(member);
    this.#told.set(id, told);
  }

  /** A connection to this member closed: its process may have died. */
  async #check(id: string): Promise<void> {
    const { list, prober, selfId } = this.parts;
    const member = this.#history && list.get(id);
    if (!member || id === selfId()) return;
    const { signal } = this.#over;
    const verdict = await prober.probe(id, member.instanceId, signal);
    if (signal.aborted || list.get(id) !== member) return;
    if (verdict === 'gone') list.lose(id);
    else if (verdict === 'alive') this.#replies.heard(id);
  }

  async #ask(id: string): Promise<void> {
    try {
      await this.parts.prober.ask(id, false);
      this.#replies.heard(id);
    } catch {
      // The watch goes on counting its silence.
    }
  }

  #watch(id: string): void {
    this.#heartbeats.watch(id);
    this.#replies.watch(id);
  }

  #forget(id: string): void {
    this.#heartbeats.forget(id);
    this.#replies.forget(id);
    this.#told.delete(id);
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    await sleep(this.parts.clock, GATHERING_TIME, this.#over.signal);
    this.#isFlushing = false;
    if (this.#history) await this.tell(PUSH_TIMEOUT);
  }

  async #push(id: string, timeout: number): Promise<void> {
    const before = this.#told.get(id);
    const announcement: Announcement = {
      about: this.parts.describeSelf(),
      members: this.#history?.since(before, this.#members),
    };
    if (this.#history) this.#told.set(id, this.#history.current);
    try {
      const options = { timeout, channel: 'system' } as const;
      await this.parts.peers.request(id, ANNOUNCEMENT, announcement, options);
      this.#replies.heard(id);
    } catch (error) {
      // It may have missed this: its next heartbeat says what it knows, and the answer tells it the rest.
      if (error instanceof PeerUnreachableError) void this.#check(id);
    }
  }
}
