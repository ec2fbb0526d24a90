import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../src/index.js';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import { endLeader } from '../support/cluster/failover.js';
import {
  checkLog,
  ledIntervals,
  overlappingTerms,
} from '../support/records/recorded.invariants.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;
const DRAIN = 1_000;

// The soak (`npm run test:soak`) does the same twenty times over.
describe.each(sharedStores)('three processes on $name', ({ open }) => {
  let store: SharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({
      hedge: { ...hedge, leaseDuration: LEASE, drainTimeout: DRAIN },
      env,
    });
    for (const member of await cluster.start(3)) {
      await member.startLoad({ prefix: member.name, workers: 2, pause: 5 });
    }
    await acknowledged(20);
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  /** So many puts of each member that runs, at the least. */
  async function acknowledged(count: number): Promise<void> {
    await until('puts are acknowledged', () =>
      cluster.running.every(({ records }) => records.eventsOf('ack').length >= count),
    );
  }

  async function expectInvariants(): Promise<void> {
    await acknowledged(40);
    await Promise.all(cluster.running.map((member) => member.call('stopLoad')));
    const intervals = ledIntervals(cluster.members);
    expect(intervals.length).toBeGreaterThan(1);
    expect(overlappingTerms(intervals)).toEqual([]);
    const [reader] = cluster.running;
    const { violations } = await checkLog(cluster.members, (key) =>
      reader.call<LogEntry[]>('history', key),
    );
    expect(violations).toEqual([]);
  }

  it('have a usable leader within lease + 0.5 s of a kill -9', async () => {
    const { usable } = await endLeader(cluster, 'SIGKILL');

    expect(usable).toBeLessThan(LEASE + 500);
    await expectInvariants();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'have a usable leader within 0.3 s of the drain after %s',
    async (signal) => {
      const { drained = NaN, usable, exited, exit } = await endLeader(cluster, signal);

      expect(drained).toBeLessThan(DRAIN);
      expect(usable - drained).toBeLessThan(300);
      expect(exit).toMatchObject({ code: 0, signal: null });
      expect(exited).toBeLessThan(DRAIN + 1_000);
      await expectInvariants();
    },
  );
});
