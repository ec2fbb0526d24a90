import type { Logger } from '@nestjs/common';
import { HedgeError } from '../errors/index.js';
import {
  type Caller,
  MALFORMED_REQUEST,
  type MemberIdentity,
  type MessageServer,
  type Peers,
} from '../messaging/index.js';
import type { Clock } from '../time/index.js';
import { Coordinator } from './coordinator.js';
import {
  HEARTBEAT,
  isHeartbeat,
  NEWS,
  readNews,
  type Heartbeat,
  type News,
  type SelfDescription,
} from './heartbeat.js';
import { Heartbeats } from './heartbeats.js';
import { IsolationCheck } from './isolation.check.js';
import { ListCopy } from './list.copy.js';
import type { MemberInfo, MemberMetadata } from './member.js';
import { MemberList } from './member.list.js';
import { MemberProber, PROBE, type ProbeAnswer } from './member.prober.js';
import { NOT_LISTED } from './membership.messages.js';

export interface MembershipOptions {
  /** ms */
  readonly leaseDuration: number;
  readonly candidate: boolean;
  readonly metadata: MemberMetadata;
}

/** What the rooms above fill in. */
export interface MembershipPorts {
  /** Who leads, as far as this member knows. */
  describeSelf(): SelfDescription;
  /** What another member says about that, of itself. */
  heard(from: string, about: SelfDescription): void;
  /** The member that is followed is silent, refuses to connect, or closed its connection: it may not lead any more. */
  lost(id: string): void;
}

/** Answers that a member waits for its place on the list before it says that something is wrong. */
const PATIENCE = 5;

/** A member's part in the list of its group: it keeps it, or follows who does. */
export class Membership {
  readonly list = new MemberList();
  readonly #copy = new ListCopy(this.list);
  readonly #stop = new AbortController();
  readonly #coordinator: Coordinator;
  readonly #heartbeats: Heartbeats;
  readonly #prober: MemberProber;
  readonly #isolation: IsolationCheck;
  #self: MemberInfo | undefined;
  #isLeaving = false;
  #isListed = false;
  #isLost = false;
  #refusals = 0;

  constructor(
    private readonly identity: MemberIdentity,
    server: MessageServer,
    peers: Peers,
    private readonly clock: Clock,
    private readonly options: MembershipOptions,
    private readonly logger: Logger,
    private readonly ports: MembershipPorts,
  ) {
    this.#prober = new MemberProber(peers, clock);
    this.#coordinator = new Coordinator(
      () => identity.id,
      this.list,
      peers,
      this.#prober,
      clock,
      () => ports.describeSelf(),
    );
    this.#heartbeats = new Heartbeats(peers, clock, options.leaseDuration, {
      heartbeat: () => this.#heartbeat(),
      answered: (by, news) => this.#answered(by, news),
      refused: (id) => void this.#closed(id),
      silent: (id) => this.#missed(id, false),
    });
    this.#isolation = new IsolationCheck(this.#prober, clock, {
      others: () => this.list.successors.filter(({ id }) => id !== this.#heartbeats.target),
      told: (update) => this.#copy.borrow(update),
      isolated: () => this.#copy.isolate(),
    });
    server.handle(HEARTBEAT, (data, caller) => this.#answer(data, caller));
    server.handle(NEWS, (data, caller) => this.#takeNews(data, caller));
    server.handle(PROBE, (data) => this.#answerProbe(data));
    peers.onClose((id) => void this.#closed(id));
  }

  /** It listens: it has an id. */
  start(): void {
    const { id, instanceId } = this.identity;
    const { candidate, metadata } = this.options;
    const joinedAt = this.clock.now().wall;
    // Now, not when the module was made: others rank it by how long it has been there for them.
    this.#self = { id, instanceId, joinedAt, candidate, metadata };
    this.list.enter(this.#self);
  }

  /** Somebody else leads. */
  follow(id: string): void {
    if (this.#isStopped || id === this.#heartbeats.target) return;
    this.#coordinator.end();
    this.#isolation.stop();
    this.#copy.reset();
    this.#isListed = false;
    this.#isLost = false;
    this.#refusals = 0;
    this.#heartbeats.follow(id);
  }

  /** This member leads, and tells all it knows. */
  lead(token: bigint): void {
    if (this.#isStopped) return;
    this.#heartbeats.follow(undefined);
    this.#isolation.stop();
    this.#coordinator.begin(token);
  }

  /** Tells the others how things stand, when this member keeps the list. For `timeout` ms at the most. */
  async tell(timeout: number): Promise<void> {
    if (this.#coordinator.isActive) await this.#coordinator.tell(timeout);
  }

  /** Says goodbye, for `timeout` ms at the most. It goes on hearing who leads. */
  async leave(timeout: number): Promise<void> {
    this.#isLeaving = true;
    await Promise.all([
      this.#coordinator.leave(timeout),
      this.#heartbeats.say(this.#heartbeat(), timeout),
    ]);
  }

  stop(): void {
    this.#stop.abort();
    this.#heartbeats.stop();
    this.#isolation.stop();
    this.#coordinator.end();
    this.list.close();
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #heartbeat(): Heartbeat {
    const { version: known } = this.#copy;
    if (this.#isLeaving) return { leaving: true, known };
    const self = this.#isListed ? undefined : this.#self;
    return { self, known, digest: known ? undefined : this.list.digest };
  }

  #answer(data: unknown, caller: Caller): News {
    if (!isHeartbeat(data)) throw malformed(HEARTBEAT);
    return this.#coordinator.answer(caller, data);
  }

  #answerProbe(data: unknown): ProbeAnswer {
    const { instanceId } = this.identity;
    const wantsList = typeof data === 'object' && data !== null && 'list' in data && data.list;
    if (wantsList !== true) return { instanceId };
    const members = this.#coordinator.update ?? (this.#heartbeats.isHeard && this.#copy.update);
    return members ? { instanceId, members } : { instanceId };
  }

  #takeNews(data: unknown, caller: Caller): void {
    const news = readNews(data);
    if (!news) throw malformed(NEWS);
    if (!caller.isSelf) this.#take(caller.id, news);
  }

  #take(from: string, { about, members }: News): void {
    // A member speaks for itself: that another one leads it may say only as an answer to who asks it to lead.
    if (about.leads && about.leader !== from) return;
    this.ports.heard(from, about);
    if (members && from === this.#heartbeats.target) {
      if (!this.#copy.take(members)) this.#heartbeats.hasten();
    }
  }

  #answered(by: string, news: News): void {
    this.#isolation.stop();
    this.#take(by, news);
    if (by !== this.#heartbeats.target) return;
    this.#isLost = false;
    if (this.#isLeaving) return;
    const { isListed = false } = news;
    // Where it is not, the next heartbeat says who this is.
    this.#isListed = isListed;
    this.#refusals = isListed || !news.about.leads ? 0 : this.#refusals + 1;
    if (this.#refusals === PATIENCE) this.logger.warn(NOT_LISTED(this.identity.id, by));
  }

  async #closed(id: string): Promise<void> {
    if (id !== this.#heartbeats.target || !this.#lose(id)) return;
    const { instanceId } = this.list.get(id) ?? {};
    if (instanceId === undefined) return;
    const verdict = await this.#prober.probe(id, instanceId, this.#stop.signal);
    if (verdict === 'gone' && id === this.#heartbeats.target) this.#missed(id, true);
  }

  /** @returns whether it was news; it is again once the member has answered */
  #lose(id: string): boolean {
    if (this.#isLost) return false;
    this.#isLost = true;
    this.ports.lost(id);
    return true;
  }

  /** Who keeps the list does not answer any more. Who leads is for the store to say; that it is not there is certain. */
  #missed(id: string, isGone: boolean): void {
    if (isGone) {
      this.#heartbeats.forget();
      this.#copy.lose(id);
    } else {
      this.#lose(id);
      this.#copy.miss(id);
      this.#isolation.start();
    }
  }
}

function malformed(route: string): HedgeError {
  return new HedgeError('INVALID_ARGUMENT', MALFORMED_REQUEST(route));
}
