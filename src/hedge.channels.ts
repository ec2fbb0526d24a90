import { channel, type Channel } from 'node:diagnostics_channel';

/** The member that a report is about. */
export interface ReportingMember {
  /** The `lockName` of its options. */
  readonly group: string;
  /** `host:port`. Empty until the member listens. */
  readonly id: string;
  /**
   * Random for each member. It tells members of a process apart, and members that used an address one after the other.
   */
  readonly instanceId: string;
}

/** How long something took, and how it failed. */
export interface TimedReport {
  /** ms */
  readonly duration: number;
  /** The error, or undefined after a success. */
  readonly error?: unknown;
}

/** A message of the app, from its first byte to the last answer. */
export interface MessageReport extends TimedReport {
  /** The method that sent it. */
  readonly kind: 'send' | 'stream' | 'put' | 'broadcast';
  /** The pattern of the message. A put has none. */
  readonly pattern?: string;
}

/** An attempt to get a lock or a permit. */
export interface AcquireReport extends TimedReport {
  /** Whether it is for a lock or for a permit of a semaphore. */
  readonly kind: 'lock' | 'permit';
  /** The name of the lock or semaphore. */
  readonly name: string;
  /** True when the call waits in line, false when it gives up at once. */
  readonly waits: boolean;
  /** False when no permit or lock was free, or when the attempt failed with `error`. */
  readonly isAcquired: boolean;
}

/**
 * The reports of a member on `node:diagnostics_channel`, by channel. A member makes no report while a channel has no
 * subscriber.
 */
export interface HedgeReports {
  /** This member began to lead. */
  'nestjs-hedge:leadership.gained': {
    /** The fencing token of the term. */
    readonly token: bigint;
  };
  /** This member stopped leading. */
  'nestjs-hedge:leadership.lost': {
    /** The fencing token of the term. */
    readonly token: bigint;
    /** A {@link LossReason}. */
    readonly reason: string;
  };
  /** The member renewed its session, or a renewal failed. */
  'nestjs-hedge:session.renewal': TimedReport;
  /** A group commit. */
  'nestjs-hedge:log.commit': TimedReport & {
    /** How many log entries the commit has. */
    readonly entries: number;
  };
  /** A message that this member sent. A broadcast is a single report. */
  'nestjs-hedge:message.sent': MessageReport;
  /** A message that a handler of this member answered. */
  'nestjs-hedge:message.handled': MessageReport;
  /** An attempt to get a lock or a permit ended. */
  'nestjs-hedge:lock.acquire': AcquireReport;
}

/** The names of the channels. They are stable: later versions only add names. */
export type HedgeChannelName = keyof HedgeReports;

/** The report that subscribers of a channel get. */
export type HedgeReport<N extends HedgeChannelName> = HedgeReports[N] & {
  /** The member that reports: all apps of a process share the channels. */
  readonly member: ReportingMember;
};

/** The reports of one member. */
export class MemberReports {
  /** Kept here, because Node forgets a channel without a reference. */
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

  /** Whether the channel has subscribers. Without them, a report need not be made. */
  isHeard(name: HedgeChannelName): boolean {
    return this.#channels[name].hasSubscribers;
  }

  tell<N extends HedgeChannelName>(name: N, report: HedgeReports[N]): void {
    const { group, id, instanceId } = this.member;
    this.#channels[name].publish({ ...report, member: { group, id, instanceId } });
  }

  /** Runs `work`, and reports how long it took, with the details that `detailsOf` makes of the result. */
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
