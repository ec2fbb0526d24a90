import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import {
  heldIntervals,
  ledIntervals,
  mostAtOnce,
  overlappingTerms,
} from '../support/records/recorded.invariants.js';
import type { ContestOptions } from '../support/member-app/member.contest.js';
import { msBetween } from '../support/time/machine.time.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;
const LOCK: ContestOptions = { name: 'job', hold: [10, 150], pause: [0, 100], timeout: 60_000 };
const PERMIT: ContestOptions = { ...LOCK, name: 'pool', limit: 3 };

function acquired(members: readonly MemberProcess[], what: string): number {
  return heldIntervals(members, what).length;
}

// Spanner's emulator has one read-write transaction at a time: whoever asks it has others aborted.
describe.each(sharedStores)('nine processes that contend from the start, on $name', ({ open }) => {
  let store: SharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await open();
    cluster = new Cluster({ hedge: { ...store.hedge, leaseDuration: LEASE }, env: store.env });
    const start = async () => {
      const [member] = await cluster.start(1, { lookInterval: 10 });
      await member.contend(LOCK);
      await member.contend(PERMIT);
    };
    await Promise.all(Array.from({ length: 9 }, start));
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it('elect a leader, and the next within lease + 0.5 s of a kill -9', async () => {
    const { leader, followers, token } = await cluster.agreed();
    await until('all go round', () => acquired(cluster.members, LOCK.name) > 20);

    const at = leader.signal('SIGKILL');
    const next = await until('the next leader leads', () =>
      ledIntervals(followers).find((led) => led.token > token),
    );

    expect(msBetween(at, next.from)).toBeLessThan(LEASE + 500);
    const before = acquired(followers, LOCK.name);
    await until('they go on', () => acquired(followers, LOCK.name) > before + 10);
    expect(overlappingTerms(ledIntervals(cluster.members))).toEqual([]);
    expect(overlappingTerms(heldIntervals(cluster.members, LOCK.name))).toEqual([]);
    expect(mostAtOnce(heldIntervals(cluster.members, PERMIT.name))).toBeLessThanOrEqual(3);
  });
});
