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
import { HeartbeatSender } from './heartbeat.sender.js';
import { IsolationCheck } from './isolation.check.js';
import { ListFollower } from './list.follower.js';
import { ListKeeper } from './list.keeper.js';
import type { MemberInfo, MemberMetadata } from './member.info.js';
import { MemberList } from './member.list.js';
import { MemberProber, PROBE, type ProbeAnswer } from './member.prober.js';
import { NOT_LISTED } from './membership.messages.js';
import {
  ANNOUNCEMENT,
  HEARTBEAT,
  isHeartbeat,
  readAnnouncement,
  type Announcement,
  type Heartbeat,
  type SelfDescription,
} from './membership.protocol.js';

export interface MembershipOptions {
  /** ms */
  readonly leaseDuration: number;
  readonly candidate: boolean;
  readonly metadata: MemberMetadata;
}

/** Tracks the leader: says what this member knows about it, and hears what other members say. */
export interface LeaderTracker {
  /** What this member says about itself and the leader. */
  describeSelf(): SelfDescription;
  /** Another member said this about itself. */
  heard(from: string, about: SelfDescription): void;
  /** The followed member is silent, refuses connections or closed its connection: it may lead no more. */
  lost(id: string): void;
}

export interface MembershipParts {
  readonly identity: MemberIdentity;
  readonly server: MessageServer;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: MembershipOptions;
  readonly tracker: LeaderTracker;
}

/** Answers in a row that say "not listed" before this member warns: the leader cannot reach it. */
const UNLISTED_ANSWERS_BEFORE_WARNING = 5;

/** A member's part in the list of its group: it keeps the list, or follows the member that does. */
export class Membership {
  readonly list = new MemberList();
  readonly #stop = new AbortController();
  readonly #keeper: ListKeeper;
  readonly #follower = new ListFollower(this.list);
  readonly #heartbeats: HeartbeatSender;
  readonly #prober: MemberProber;
  readonly #isolation: IsolationCheck;
  #self: MemberInfo | undefined;
  #isLeaving = false;
  #isListed = false;
  /** Whether the tracker was told that the followed member may lead no more. */
  #isLost = false;
  #unlistedAnswers = 0;

  constructor(private readonly parts: MembershipParts) {
    const { identity, server, peers, clock, options, tracker } = parts;
    this.#prober = new MemberProber(peers, clock);
    this.#keeper = new ListKeeper({
      selfId: () => identity.id,
      list: this.list,
      peers,
      prober: this.#prober,
      clock,
      describeSelf: () => tracker.describeSelf(),
    });
    this.#heartbeats = new HeartbeatSender(peers, clock, options.leaseDuration, {
      heartbeat: () => this.#heartbeat(),
      answered: (by, announcement) => this.#answered(by, announcement),
      refused: (id) => void this.#closed(id),
      silent: (id) => this.#keeperIsSilent(id),
    });
    this.#isolation = new IsolationCheck(this.#prober, clock, {
      others: () => this.list.successors.filter(({ id }) => id !== this.#heartbeats.target),
      told: (update) => this.#follower.borrow(update),
      isolated: () => this.#follower.isolate(),
    });
    server.handle(HEARTBEAT, (data, caller) => this.#answer(data, caller));
    server.handle(ANNOUNCEMENT, (data, caller) => this.#receive(data, caller));
    server.handle(PROBE, (data) => this.#answerProbe(data));
    peers.onClose((id) => void this.#closed(id));
  }

  /** This member listens, and so has an id. */
  start(): void {
    const { clock, identity, options } = this.parts;
    const { id, instanceId } = identity;
    const { candidate, metadata } = options;
    // Not when the module was made: the others rank a member by how long they can reach it.
    const joinedAt = clock.now().wall;
    this.#self = { id, instanceId, joinedAt, candidate, metadata };
    this.list.enter(this.#self);
  }

  /** Another member leads. */
  follow(id: string): void {
    if (this.#isStopped || id === this.#heartbeats.target) return;
    this.#keeper.end();
    this.#isolation.stop();
    this.#follower.reset();
    this.#isListed = false;
    this.#isLost = false;
    this.#unlistedAnswers = 0;
    this.#heartbeats.follow(id);
  }

  /** This member leads: it keeps the list, and tells it to the others. */
  lead(token: bigint): void {
    if (this.#isStopped) return;
    this.#heartbeats.follow(undefined);
    this.#isolation.stop();
    this.#keeper.begin(token);
  }

  /** If this member keeps the list, tells the others which member leads. Resolves at most `timeout` ms later. */
  async tell(timeout: number): Promise<void> {
    if (this.#keeper.isActive) await this.#keeper.tell(timeout);
  }

  /** Says goodbye, and still hears which member leads. Resolves at most `timeout` ms later. */
  async leave(timeout: number): Promise<void> {
    this.#isLeaving = true;
    await Promise.all([
      this.#keeper.leave(timeout),
      this.#heartbeats.sendOnce(this.#heartbeat(), timeout),
    ]);
  }

  stop(): void {
    this.#stop.abort();
    this.#heartbeats.stop();
    this.#isolation.stop();
    this.#keeper.end();
    this.list.close();
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #heartbeat(): Heartbeat {
    const { version: known } = this.#follower;
    if (this.#isLeaving) return { leaving: true, known };
    const self = this.#isListed ? undefined : this.#self;
    return { self, known, digest: known ? undefined : this.list.digest };
  }

  #answer(data: unknown, caller: Caller): Announcement {
    if (!isHeartbeat(data)) throw malformed(HEARTBEAT);
    return this.#keeper.answer(caller, data);
  }

  #answerProbe(data: unknown): ProbeAnswer {
    const { instanceId } = this.parts.identity;
    const wantsList = typeof data === 'object' && data !== null && 'list' in data && data.list;
    if (wantsList !== true) return { instanceId };
    const members = this.#keeper.update ?? (this.#heartbeats.isHeard && this.#follower.update);
    return members ? { instanceId, members } : { instanceId };
  }

  #receive(data: unknown, caller: Caller): void {
    const announcement = readAnnouncement(data);
    if (!announcement) throw malformed(ANNOUNCEMENT);
    if (!caller.isSelf) this.#take(caller.id, announcement);
  }

  #take(from: string, { about, members }: Announcement): void {
    // A member may say only of itself that it leads.
    if (about.leads && about.leader !== from) return;
    this.parts.tracker.heard(from, about);
    if (members && from === this.#heartbeats.target) {
      if (!this.#follower.take(members)) this.#heartbeats.hasten();
    }
  }

  #answered(by: string, announcement: Announcement): void {
    this.#isolation.stop();
    this.#take(by, announcement);
    if (by !== this.#heartbeats.target) return;
    this.#isLost = false;
    if (this.#isLeaving) return;
    const { isListed = false } = announcement;
    // If this member is not listed, its next heartbeat says who it is.
    this.#isListed = isListed;
    this.#unlistedAnswers = isListed || !announcement.about.leads ? 0 : this.#unlistedAnswers + 1;
    if (this.#unlistedAnswers !== UNLISTED_ANSWERS_BEFORE_WARNING) return;
    this.parts.logger.warn(NOT_LISTED(this.parts.identity.id, by));
  }

  /** The connection closed, or the member refuses connections. */
  async #closed(id: string): Promise<void> {
    if (id !== this.#heartbeats.target || !this.#lose(id)) return;
    const { instanceId } = this.list.get(id) ?? {};
    if (instanceId === undefined) return;
    const verdict = await this.#prober.probe(id, instanceId, this.#stop.signal);
    if (verdict === 'gone' && id === this.#heartbeats.target) this.#keeperIsGone(id);
  }

  /** @returns false if the tracker knows already; each answer of the member resets that */
  #lose(id: string): boolean {
    if (this.#isLost) return false;
    this.#isLost = true;
    this.parts.tracker.lost(id);
    return true;
  }

  /** Which member leads now is for the store to say; but the process that kept the list is certainly gone. */
  #keeperIsGone(id: string): void {
    this.#heartbeats.forget();
    this.#follower.lose(id);
  }

  #keeperIsSilent(id: string): void {
    this.#lose(id);
    this.#follower.loseKeeper(id);
    this.#isolation.start();
  }
}

function malformed(route: string): HedgeError {
  return new HedgeError('INVALID_ARGUMENT', MALFORMED_REQUEST(route));
}
