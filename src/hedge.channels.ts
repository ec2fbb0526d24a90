import { channel, type Channel } from 'node:diagnostics_channel';

/** The member that a report is of. */
export interface ReportingMember {
  /** The `lockName` of its options. */
  readonly group: string;
  /** `host:port`; empty until it listens. */
  readonly id: string;
  /** Random per member: tells those of one process apart, and from those that had their addresses before. */
  readonly instanceId: string;
}

/** How long something took, and how it failed. */
export interface TimedReport {
  /** ms */
  readonly duration: number;
  /** What it failed with; undefined where it succeeded. */
  readonly error?: unknown;
}

/** A message of the app's, from the first byte to the last answer. */
export interface MessageReport extends TimedReport {
  /** By which method it was sent. */
  readonly kind: 'send' | 'stream' | 'put' | 'broadcast';
  /** A put has none. */
  readonly pattern?: string;
}

/** An attempt to get a lock or a permit. */
export interface AcquireReport extends TimedReport {
  /** A lock, or a permit of a semaphore. */
  readonly kind: 'lock' | 'permit';
  /** Of the lock or of the semaphore. */
  readonly name: string;
  /** Whether it stood in line, or gave up where there was no room. */
  readonly waits: boolean;
  /** False: there was no room, or it failed, and `error` says how. */
  readonly isAcquired: boolean;
}

/**
 * What a member reports on `node:diagnostics_channel`, by the name of the channel. Nothing is made up while nobody
 * subscribes.
 */
export interface HedgeReports {
  /** This member leads. */
  'nestjs-hedge:leadership.gained': {
    /** The fencing token of the term. */
    readonly token: bigint;
  };
  /** This member leads no more. */
  'nestjs-hedge:leadership.lost': {
    /** The fencing token of the term. */
    readonly token: bigint;
    /** A {@link LossReason}. */
    readonly reason: string;
  };
  /** The session was renewed, or an attempt to do so failed. */
  'nestjs-hedge:session.renewal': TimedReport;
  /** One group commit. */
  'nestjs-hedge:log.commit': TimedReport & {
    /** How many it was to write. */
    readonly entries: number;
  };
  /** A message that this member sent; of a broadcast the whole of it. */
  'nestjs-hedge:message.sent': MessageReport;
  /** A message that a handler of this member took. */
  'nestjs-hedge:message.handled': MessageReport;
  /** An attempt to get a lock or a permit ended. */
  'nestjs-hedge:lock.acquire': AcquireReport;
}

/** The channels' names: stable, and there are only ever more. */
export type HedgeChannelName = keyof HedgeReports;

/** What subscribers of a channel get. */
export type HedgeReport<N extends HedgeChannelName> = HedgeReports[N] & {
  /** Who reports: apps of one process share the channels. */
  readonly member: ReportingMember;
};

/** The reports of one member. */
export class MemberReports {
  /** Held, for a channel that nobody holds is forgotten. */
  readonly #channels: Record<HedgeChannelName, Channel> = {
    'nestjs-hedge:leadership.gained': channel('nestjs-hedge:leadership.gained'),
    'nestjs-hedge:leadership.lost': channel('nestjs-hedge:leadership.lost'),
    'nestjs-hedge:session.renewal': channel('nestjs-hedge:session.renewal'),
    'nestjs-hedge:log.commit': channel('nestjs-hedge:log.commit'),
    'nestjs-hedge:message.sent': channel('nestjs-hedge:message.sent'),
    'nestjs-hedge:message.handled': channel('nestjs-hedge:message.handled'),
    'nestjs-hedge:lock.acquire': channel('nestjs-hedge:lock.acquire'),
  };

  constructor(
    readonly member: ReportingMember,
    /** ms, on the member's monotonic clock */
    readonly now: () => number,
  ) {}

  /** Whether anybody listens: what nobody hears needs not be put together. */
  isHeard(name: HedgeChannelName): boolean {
    return this.#channels[name].hasSubscribers;
  }

  tell<N extends HedgeChannelName>(name: N, report: HedgeReports[N]): void {
    const { group, id, instanceId } = this.member;
    this.#channels[name].publish({ ...report, member: { group, id, instanceId } });
  }

  /** Does it, and tells how long it took: together with what `detailsOf` says of its result, if it had one. */
  async timed<N extends HedgeChannelName, R>(
    name: N,
    work: () => Promise<R>,
    detailsOf: (result?: R) => Omit<HedgeReports[N], keyof TimedReport>,
  ): Promise<R> {
    if (!this.isHeard(name)) return work();
    const began = this.now();
    const tell = (details: object, outcome: object) =>
      this.tell(name, { ...details, duration: this.now() - began, ...outcome } as HedgeReports[N]);
    try {
      const result = await work();
      tell(detailsOf(result), {});
      return result;
    } catch (error) {
      tell(detailsOf(), { error });
      throw error;
    }
  }
}
