import { createNoopMeter, metrics, type Attributes } from '@opentelemetry/api';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type {
  HedgeChannelName,
  HedgeReport,
  MessageReport,
  ReportingMember,
} from '../hedge.channels.js';
import type { MemberHealth } from '../member/index.js';
import { errorAttributes, KIND, memberAttributes, PATTERN } from './attributes.js';
import { guarded } from './guarded.js';
import { Instruments } from './instruments.js';
import { SCOPE } from './scope.js';

/** ms between two checks for a meter provider, while there is none. */
const LOOK_EVERY = 1_000;

/** Makes metrics of the reports of a member. */
export class MemberMetrics {
  #instruments: Instruments | undefined;
  #unobserve: () => void = () => undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(
    private readonly member: MemberHealth,
    private readonly patterns: boolean,
  ) {}

  /** @returns a function that ends it */
  start(): () => void {
    this.#lookForMeter();
    const ends = [
      this.#listen('nestjs-hedge:leadership.gained', (to, { member }) =>
        to.termsGained.add(1, memberAttributes(member)),
      ),
      this.#listen('nestjs-hedge:leadership.lost', (to, { member, reason }) =>
        to.termsLost.add(1, { ...memberAttributes(member), 'hedge.loss.reason': reason }),
      ),
      this.#listen('nestjs-hedge:session.renewal', (to, report) =>
        to.renewals.record(seconds(report), outcomeOf(report)),
      ),
      this.#listen('nestjs-hedge:log.commit', (to, report) => {
        to.commits.record(seconds(report), outcomeOf(report));
        to.batches.record(report.entries, memberAttributes(report.member));
      }),
      this.#listen('nestjs-hedge:message.sent', (to, report) =>
        to.sent.record(seconds(report), this.#messageAttributes(report)),
      ),
      this.#listen('nestjs-hedge:message.handled', (to, report) =>
        to.handled.record(seconds(report), this.#messageAttributes(report)),
      ),
      this.#listen('nestjs-hedge:lock.acquire', (to, report) =>
        to.waits.record(seconds(report), acquireAttributes(report)),
      ),
    ];
    return () => {
      for (const end of ends) end();
      clearTimeout(this.#look);
      this.#unobserve();
    };
  }

  /** Before a provider is set, the API gives a meter without effect, and its instruments stay without effect. */
  #lookForMeter(): void {
    const meter = metrics.getMeter(SCOPE);
    if (meter === createNoopMeter()) {
      this.#look = setTimeout(() => this.#lookForMeter(), LOOK_EVERY).unref();
      return;
    }
    this.#instruments = new Instruments(meter);
    this.#unobserve = this.#instruments.observe(
      () => (this.member.notRunning ? undefined : this.member.standing),
      () => memberAttributes(this.member),
    );
  }

  #listen<N extends HedgeChannelName>(
    name: N,
    record: (to: Instruments, report: HedgeReport<N>) => void,
  ): () => void {
    const listener = (message: unknown) => {
      const report = message as HedgeReport<N>;
      // Other apps of this process report on the same channels.
      if (report.member.instanceId !== this.member.instanceId) return;
      const instruments = this.#instruments;
      // An error of a subscriber of a channel would end the process.
      if (instruments) guarded(() => record(instruments, report));
    };
    subscribe(name, listener);
    return () => unsubscribe(name, listener);
  }

  #messageAttributes(report: MessageReport & Reported): Attributes {
    const { kind, pattern } = report;
    const named = this.patterns && pattern !== undefined ? { [PATTERN]: pattern } : {};
    return { ...outcomeOf(report), [KIND]: kind, ...named };
  }
}

interface Reported {
  readonly member: ReportingMember;
}

function outcomeOf({ member, error }: Reported & { readonly error?: unknown }): Attributes {
  return { ...memberAttributes(member), ...errorAttributes(error) };
}

function acquireAttributes(report: HedgeReport<'nestjs-hedge:lock.acquire'>): Attributes {
  const { kind, isAcquired, error } = report;
  const refused = error === undefined ? 'held' : 'failed';
  return {
    ...outcomeOf(report),
    'hedge.lock.kind': kind,
    'hedge.lock.outcome': isAcquired ? 'acquired' : refused,
  };
}

function seconds({ duration }: { readonly duration: number }): number {
  return duration / 1_000;
}
