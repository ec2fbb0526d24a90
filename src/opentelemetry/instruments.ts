import type { Attributes, Histogram, Meter, ObservableResult } from '@opentelemetry/api';
import type { MemberStanding } from '../member/index.js';

/** s */
const DURATIONS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
const ENTRIES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];

/** All counters and histograms of a member, on one meter. */
export class Instruments {
  readonly termsGained;
  readonly termsLost;
  readonly renewals;
  readonly commits;
  readonly batches;
  readonly sent;
  readonly handled;
  readonly waits;

  constructor(private readonly meter: Meter) {
    this.termsGained = meter.createCounter('hedge.terms.gained', {
      unit: '{term}',
      description: 'Terms as leader that began.',
    });
    this.termsLost = meter.createCounter('hedge.terms.lost', {
      unit: '{term}',
      description: 'Terms as leader that ended, by hedge.loss.reason.',
    });
    this.renewals = this.#durations(
      'hedge.session.renewal.duration',
      'How long renewals of the session took; failed ones have error.type.',
    );
    this.commits = this.#durations(
      'hedge.log.commit.duration',
      'How long group commits took; failed ones have error.type.',
    );
    this.batches = meter.createHistogram('hedge.log.commit.entries', {
      unit: '{entry}',
      description: 'Entries per group commit.',
      advice: { explicitBucketBoundaries: ENTRIES },
    });
    this.sent = this.#durations(
      'hedge.message.sent.duration',
      'From sending a message to its last answer; failed ones have error.type.',
    );
    this.handled = this.#durations(
      'hedge.message.handled.duration',
      'How long handlers took; failed ones have error.type.',
    );
    this.waits = this.#durations(
      'hedge.lock.wait.duration',
      'How long locks and permits were waited for, by hedge.lock.outcome.',
    );
  }

  /** @returns a function that ends it */
  observe(standing: () => MemberStanding | undefined, attributes: () => Attributes): () => void {
    const ends = [
      this.#gauge('hedge.leader', '1', '1 on the member that leads, 0 on the others.', (now) =>
        now.isLeader ? 1 : 0,
      ),
      this.#gauge(
        'hedge.members',
        '{member}',
        'Members of the group, as this one knows them.',
        (now) => now.members,
      ),
      this.#gauge(
        'hedge.lease.remaining',
        's',
        'Until this member loses all that it holds unless it is renewed; absent while it holds nothing.',
        ({ ownLease }) => ownLease && ownLease / 1_000,
      ),
    ].map((add) => add(standing, attributes));
    return () => ends.forEach((end) => end());
  }

  #gauge(
    name: string,
    unit: string,
    description: string,
    valueOf: (now: MemberStanding) => number | undefined,
  ) {
    const gauge = this.meter.createObservableGauge(name, { unit, description });
    return (standing: () => MemberStanding | undefined, attributes: () => Attributes) => {
      const look = (result: ObservableResult) => {
        const now = standing();
        const value = now && valueOf(now);
        if (value !== undefined) result.observe(value, attributes());
      };
      gauge.addCallback(look);
      return () => gauge.removeCallback(look);
    };
  }

  #durations(name: string, description: string): Histogram {
    const advice = { explicitBucketBoundaries: DURATIONS };
    return this.meter.createHistogram(name, { unit: 's', description, advice });
  }
}
