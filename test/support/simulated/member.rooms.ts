import type { Logger } from '@nestjs/common';
import {
  MemberLocks,
  HeldTerms,
  LockAcquirer,
  LockReleaser,
  LockService,
  LossReport,
  RoutineRunner,
  StoreLine,
  type WaitingLine,
} from '../../../src/lock/index.js';
import type { HedgeError } from '../../../src/errors/index.js';
import { MemberReports } from '../../../src/hedge.channels.js';
import { FencedCommitter, SessionKeeper, SessionRenewer } from '../../../src/session/index.js';
import type { Clock } from '../../../src/time/index.js';
import type { HedgeStore, StoreCall } from '../../../src/store/index.js';
import { FaultyConnection, type Fate } from './faulty.connection.js';
import { ModelStore } from './model.store.js';
import { VirtualClock, VirtualTime, type Pace } from '../time/virtual.clock.js';

/** 1 ms there, 1 ms back. */
export const FAIR: Fate = { there: 1, back: 1 };

export const LOST: Fate = { there: undefined, back: undefined };
export const REPLY_LOST: Fate = { there: 1, back: undefined };
export const ABORTED: Fate = { ...FAIR, isAborted: true };

/** What becomes of requests to the store: of the next ones, and of all others. */
export class ScriptedNetwork {
  usual: Fate = FAIR;
  readonly next: Fate[] = [];
  /** How many requests left. */
  requests = 0;

  readonly fate = (): Fate => {
    this.requests++;
    return this.next.shift() ?? this.usual;
  };
}

export class RecordedLogger {
  readonly warnings: string[] = [];
  readonly warn = (text: string): void => void this.warnings.push(text);
  readonly log = (): void => undefined;
  readonly debug = (): void => undefined;
  readonly error = (text: string): void => void this.warnings.push(text);

  get asLogger(): Logger {
    return this as unknown as Logger;
  }
}

export interface RoomsOptions {
  readonly group?: string;
  readonly leaseDuration?: number;
  readonly address?: string;
  readonly time?: VirtualTime;
  readonly model?: ModelStore;
  readonly pace?: Pace;
  readonly line?: (clock: Clock) => WaitingLine;
  /** @default the model, over the scripted network */
  readonly store?: (clock: VirtualClock) => HedgeStore;
  readonly random?: () => number;
}

/** The lower rooms of one member over a model of the store, with a clock and a network that specs are master of. */
export class MemberRooms {
  readonly group: string;
  readonly leaseDuration: number;
  readonly address: string;
  readonly time: VirtualTime;
  readonly clock: VirtualClock;
  readonly model: ModelStore;
  readonly network = new ScriptedNetwork();
  readonly store: HedgeStore;
  readonly logger = new RecordedLogger();
  readonly keeper: SessionKeeper;
  readonly committer: FencedCommitter;
  readonly renewer: SessionRenewer;
  readonly releaser: LockReleaser;
  readonly acquirer: LockAcquirer;
  readonly reports: MemberReports;
  readonly memberLocks: MemberLocks;
  /** Rejects every acquire, if it is set. */
  refusal: HedgeError | undefined;
  readonly call: StoreCall = { timeout: 1_000 };

  constructor(options: RoomsOptions = {}) {
    const { leaseDuration = 10_000, address = 'a:1', time = new VirtualTime() } = options;
    const { random = half } = options;
    this.group = options.group ?? 'g';
    this.leaseDuration = leaseDuration;
    this.address = address;
    this.time = time;
    this.clock = new VirtualClock(time, options.pace);
    this.model = options.model ?? new ModelStore({ time });
    const { group, clock } = this;
    const member = { group, id: address, instanceId: address };
    this.reports = new MemberReports(member, () => clock.now().monotonic);
    const store = (this.store =
      options.store?.(clock) ?? new FaultyConnection(this.model, clock, this.network.fate));
    this.keeper = new SessionKeeper(clock, { group, leaseDuration, address: () => address });
    const keeper = this.keeper;
    this.committer = new FencedCommitter(keeper, store, clock);
    this.renewer = new SessionRenewer({
      keeper,
      committer: this.committer,
      store,
      clock,
      leaseDuration,
      logger: this.logger.asLogger,
      reports: this.reports,
      random,
    });
    this.releaser = new LockReleaser(store, keeper, clock, random);
    this.acquirer = new LockAcquirer({
      store,
      keeper,
      renewer: this.renewer,
      releaser: this.releaser,
      clock,
      random,
    });
    this.memberLocks = new MemberLocks({
      store,
      acquirer: this.acquirer,
      releaser: this.releaser,
      line: options.line?.(clock) ?? new StoreLine(clock, random),
      clock,
      losses: new LossReport(this.logger.asLogger),
      reports: this.reports,
      notRunning: () => this.refusal,
    });
  }

  /** What the app would inject. */
  locks(held = new HeldTerms()): LockService {
    const { memberLocks, store, clock, group } = this;
    return new LockService({
      group,
      requestTimeout: 20_000,
      heldTerms: held,
      memberLocks,
      runner: new RoutineRunner(clock),
      store,
      clock,
    });
  }

  /** Another member of the same group. */
  other(address: string): MemberRooms {
    const { group, time, model, leaseDuration } = this;
    return new MemberRooms({ group, time, model, leaseDuration, address });
  }

  /** Lets time pass until it settles; fails after a minute. */
  async during<T>(work: Promise<T>): Promise<T> {
    const state = { isOver: false };
    const over = () => void (state.isOver = true);
    work.then(over, over);
    for (let passed = 0; passed < 60_000; passed++) {
      await this.time.advance(1);
      if (state.isOver) return work;
    }
    throw new Error('Not settled within a minute');
  }

  get rowNames(): string[] {
    return [...this.model.rows.keys()].toSorted();
  }
}

/** Decides what is left to chance. */
function half(): number {
  return 0.5;
}
