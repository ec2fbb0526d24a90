import { PeerUnreachableError, type Caller, type Peers } from '../messaging/index.js';
import { sleep, type Clock } from '../time/index.js';
import { NEWS, type Heartbeat, type News, type SelfDescription } from './heartbeat.js';
import { ListHistory } from './list.history.js';
import type { ListUpdate, ListVersion } from './list.update.js';
import type { MemberInfo } from './member.js';
import type { MemberList } from './member.list.js';
import type { MemberProber } from './member.prober.js';
import { SilenceWatch } from './silence.watch.js';

/** ms: what changes within it is told together. */
const GATHER = 20;

/** ms that a member has to take in what is pushed; if it does not, its next heartbeat makes up for it. */
const PUSH_TIMEOUT = 1_000;

/**
 * Keeps the list of the group, on the member that leads, or led last: takes in heartbeats, looks after those whose
 * connection closed, strikes off who is silent, and tells all the others.
 */
export class Coordinator {
  #history: ListHistory | undefined;
  #over = new AbortController();
  /** Who has been told which version. */
  readonly #told = new Map<string, ListVersion>();
  /** Who is being looked at before it is listed: its instance, by its id. */
  readonly #admitting = new Map<string, string>();
  /** Heartbeats come in, and what is sent out is answered: a member that only does one of the two is half cut off. */
  readonly #beats: SilenceWatch;
  readonly #reached: SilenceWatch;
  #isFlushing = false;
  #isLeaving = false;

  constructor(
    private readonly selfId: () => string,
    private readonly list: MemberList,
    private readonly peers: Peers,
    private readonly prober: MemberProber,
    private readonly clock: Clock,
    private readonly describeSelf: () => SelfDescription,
  ) {
    const silent = (id: string) => this.list.lose(id);
    this.#beats = new SilenceWatch(clock, { silent });
    this.#reached = new SilenceWatch(clock, { silent, doubted: (id) => void this.#reach(id) });
    list.changes.subscribe((change) => {
      if (!this.#history) return;
      this.#history.record(change);
      for (const { id } of change.left) this.#forget(id);
      for (const { id } of change.joined) this.#watch(id);
      if (!this.#isFlushing) void this.#flush();
    });
    peers.onClose((id) => void this.#check(id));
  }

  get isActive(): boolean {
    return this.#history !== undefined;
  }

  /** The whole list, when it keeps it. */
  get update(): ListUpdate | undefined {
    return this.#history?.since(undefined, this.#members);
  }

  /** From now on it keeps the list, beginning with what it knows, which is still to be confirmed; and says so. */
  begin(token: bigint): void {
    this.end();
    this.list.recall();
    const history = (this.#history = new ListHistory(`${token}`, this.list.digest));
    this.#over = new AbortController();
    for (const { id } of this.list.others) {
      this.#watch(id);
      // Not with the news of who leads now: each asks for the list with the heartbeat that this brings about.
      this.#told.set(id, history.current);
    }
    void this.tell(PUSH_TIMEOUT);
  }

  /** Somebody else keeps it. */
  end(): void {
    this.#history = undefined;
    this.#over.abort();
    this.#beats.stop();
    this.#reached.stop();
    this.#told.clear();
  }

  /** Takes this member off the list that it keeps. Resolves when the others know, or `timeout` ms later. */
  async leave(timeout: number): Promise<void> {
    this.#isLeaving = true;
    if (!this.#history) return;
    const self = this.list.get(this.selfId());
    if (self) this.#history.record({ joined: [], left: [self] });
    await this.tell(timeout);
  }

  answer(caller: Caller, beat: Heartbeat): News {
    const { self, leaving = false } = beat;
    const about = this.describeSelf();
    const history = this.#history;
    if (!history || caller.isSelf) return { about };
    const listed = this.list.get(caller.id);
    const isListed = listed?.instanceId === caller.instanceId;
    if (leaving) {
      if (isListed) this.list.remove(caller.id);
      if (this.#admitting.get(caller.id) === caller.instanceId) this.#admitting.delete(caller.id);
    } else if (isListed) {
      this.#beats.heard(caller.id);
    } else if (self && self.id === caller.id && self.instanceId === caller.instanceId) {
      void this.#admit(self, history.current);
    }
    return { about, isListed, members: this.#updateFor(history, beat) };
  }

  /** After a change of leader most have the right list already: in a large group it is too long to be sent to all. */
  #updateFor(history: ListHistory, { known, digest }: Heartbeat): ListUpdate | undefined {
    const hasBase = digest === history.base && known?.token !== history.current.token;
    return hasBase ? history.sinceBase(this.#members) : history.since(known, this.#members);
  }

  /** Tells all how things stand now. Resolves when they know, or `timeout` ms later. */
  async tell(timeout: number): Promise<void> {
    await Promise.allSettled(this.list.others.map(({ id }) => this.#push(id, timeout)));
  }

  get #members(): readonly MemberInfo[] {
    return this.#isLeaving ? this.list.others : this.list.all;
  }

  /**
   * Only who can be reached is a member: the others would wait for its replies in vain.
   * @param told the list that it is given with the answer
   */
  async #admit(member: MemberInfo, told: ListVersion): Promise<void> {
    const { signal } = this.#over;
    const { id, instanceId } = member;
    if (this.#admitting.has(id)) return;
    this.#admitting.set(id, instanceId);
    const verdict = await this.prober.probe(id, instanceId, signal);
    // Unless it has said goodbye meanwhile.
    const isWanted = this.#admitting.get(id) === instanceId && this.#admitting.delete(id);
    if (verdict !== 'alive' || !isWanted || signal.aborted) return;
    this.list.add(member);
    this.#told.set(id, told);
  }

  /** A closed connection may be a process that died, and then nobody listens there any more. */
  async #check(id: string): Promise<void> {
    const member = this.#history && this.list.get(id);
    if (!member || id === this.selfId()) return;
    const { signal } = this.#over;
    const verdict = await this.prober.probe(id, member.instanceId, signal);
    if (signal.aborted || this.list.get(id) !== member) return;
    if (verdict === 'gone') this.list.lose(id);
    else if (verdict === 'alive') this.#reached.heard(id);
  }

  async #reach(id: string): Promise<void> {
    try {
      await this.prober.ask(id, false);
      this.#reached.heard(id);
    } catch {
      // Its silence is being counted.
    }
  }

  #watch(id: string): void {
    this.#beats.watch(id);
    this.#reached.watch(id);
  }

  #forget(id: string): void {
    this.#beats.forget(id);
    this.#reached.forget(id);
    this.#told.delete(id);
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    await sleep(this.clock, GATHER, this.#over.signal);
    this.#isFlushing = false;
    if (this.#history) await this.tell(PUSH_TIMEOUT);
  }

  async #push(id: string, timeout: number): Promise<void> {
    const before = this.#told.get(id);
    const news: News = {
      about: this.describeSelf(),
      members: this.#history?.since(before, this.#members),
    };
    if (this.#history) this.#told.set(id, this.#history.current);
    try {
      await this.peers.request(id, NEWS, news, { timeout, channel: 'system' });
      this.#reached.heard(id);
    } catch (error) {
      // It may have missed something: its next heartbeat says what it knows, and the answer tells the rest.
      if (error instanceof PeerUnreachableError) void this.#check(id);
    }
  }
}
