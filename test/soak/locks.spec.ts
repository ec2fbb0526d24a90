import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../src/index.js';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import {
  handOvers,
  longestFairWait,
  takeOvers,
  waitsFor,
  type FairTurns,
  type Wait,
} from './contest.report.js';
import {
  heldIntervals,
  lateEntries,
  mostAtOnce,
  overlappingTerms,
} from '../support/records/recorded.invariants.js';
import type { ContestOptions } from '../support/member-app/member.contest.js';
import { msBetween } from '../support/time/machine.time.js';
import { MishapSeries } from './mishaps.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 5);
/** ms beyond the contest: start, close and checks */
const AROUND = 120_000;
const FAULTS = { aborted: 0.03, replyLost: 0.01 };

const LOCK: ContestOptions = {
  name: 'job',
  hold: [10, 150],
  pause: [0, 100],
  timeout: 120_000,
  putKey: 'key',
};
const PERMIT: ContestOptions = {
  name: 'pool',
  limit: 3,
  hold: [10, 300],
  pause: [0, 100],
  timeout: 120_000,
};
/** The longest holding, and as much again as handing over takes on a busy machine with a store that fails. */
const LOCK_TURNS: FairTurns = { contenders: 8, limit: 1, turn: 1_000, mishap: 2 * LEASE + 1_000 };
const PERMIT_TURNS: FairTurns = { ...LOCK_TURNS, contenders: 10, limit: 3 };

describe.each(sharedStores)('on $name', ({ name: storeName, open }) => {
  let store: SharedStore;
  let cluster: Cluster;
  let mishaps: MishapSeries;
  /** Those that contend for permits only. */
  const permitsOnly = new Set<string>();

  beforeAll(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE, drainTimeout: 500 }, env });
    mishaps = new MishapSeries(cluster, {
      leaseDuration: LEASE,
      stopsThemselves: storeName === 'SQLite',
      holder: () => {
        const { member } = heldIntervals(cluster.running, LOCK.name).at(-1) ?? {};
        return cluster.running.find(({ name }) => name === member);
      },
      replace: async (killed) => contend(await start(), permitsOnly.has(killed.name)),
    });
    // From the start, before anybody leads: contenders must not hold up the election.
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) => contend(await start(), index >= 8)),
    );
    await cluster.agreed();
  }, AROUND);

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  async function start(): Promise<MemberProcess> {
    const [member] = await cluster.start(1, { faults: FAULTS, lookInterval: 10 });
    return member;
  }

  async function contend(member: MemberProcess, withoutLock: boolean): Promise<void> {
    if (withoutLock) permitsOnly.add(member.name);
    else await member.contend(LOCK);
    await member.contend(PERMIT);
  }

  function expectBoundedWaits(waits: readonly Wait[], turns: FairTurns): void {
    const tooLong = waits
      .map((wait) => ({ ...wait, ms: msBetween(wait.from, wait.to) }))
      .filter((wait) => wait.ms > longestFairWait(wait, turns, mishaps.all));
    expect(tooLong).toEqual([]);
  }

  it(
    `keeps locks and permits apart for ${MINUTES} minutes of kills, stops and faults`,
    async () => {
      await mishaps.goOnFor(MINUTES * 60_000);
      await until('all go on', async () => (await cluster.agreed()).followers.length === 9);
      await Promise.all(cluster.running.map((member) => member.call('stopContending')));
      process.stdout.write(report(storeName, cluster.members, mishaps));

      const locks = heldIntervals(cluster.members, LOCK.name);
      expect(handOvers(locks)).toBeGreaterThan(50 * MINUTES);
      expect(overlappingTerms(locks)).toEqual([]);
      const permits = heldIntervals(cluster.members, PERMIT.name);
      expect(mostAtOnce(permits)).toBe(PERMIT.limit);
      expect(new Set(permits.map(({ token }) => token)).size).toBe(permits.length);
    },
    MINUTES * 60_000 + AROUND,
  );

  it('never wrote under a lock after its next holder had', async () => {
    const [reader] = cluster.running;
    const entries = await reader.call<LogEntry[]>('history', LOCK.putKey, 60_000);
    expect(entries.length).toBeGreaterThan(50 * MINUTES);
    expect(lateEntries(entries)).toEqual([]);
  });

  it('let nobody wait for longer than fair turns take', () => {
    const locks = waitsFor(cluster.members, LOCK.name);
    const permits = waitsFor(cluster.members, PERMIT.name);
    // What was still waiting at the end was given up by the test.
    const failed = [...locks, ...permits].filter(
      ({ outcome }) => outcome !== 'acquired' && outcome !== 'ABORTED',
    );
    expect(failed).toEqual([]);
    expectBoundedWaits(locks, LOCK_TURNS);
    expectBoundedWaits(permits, PERMIT_TURNS);
  });

  it("leaves no row but the group's when all have closed", async () => {
    // The leader's and its fence's are there besides; what the killed ones left it sweeps away once a minute.
    await until('it is swept', async () => (await store.lockRows()).length === 3, 90_000);
    const { running } = cluster;
    await Promise.all(running.map((member) => member.close()));
    for (const exit of await Promise.all(running.map((member) => member.exited))) {
      expect(exit).toMatchObject({ code: 0, signal: null });
    }
    expect(await store.lockRows()).toEqual(['hedge/spindle/lockname/group']);
  });
});

function report(
  storeName: string,
  members: readonly MemberProcess[],
  { all }: MishapSeries,
): string {
  const count = (kind: string) => all.filter((mishap) => mishap.kind === kind).length;
  const onLeaders = all.filter(({ wasLeader }) => wasLeader).length;
  const lines = [LOCK.name, PERMIT.name].map((what) => {
    const intervals = heldIntervals(members, what);
    const waits = waitsFor(members, what)
      .map(({ from, to }) => msBetween(from, to))
      .toSorted((a, b) => a - b);
    const [median, longest] = [waits[waits.length >> 1], waits.at(-1)].map((ms) => ms?.toFixed(0));
    return (
      `  ${what}: ${intervals.length} acquired, ${handOvers(intervals)} hand-overs; ` +
      `waits: p50 ${median} ms, longest ${longest} ms\n`
    );
  });
  const after = takeOvers(members, LOCK.name, all);
  return (
    `${storeName}: ${count('kill')} kills, ${count('stop')} stops, ${onLeaders} of them of leaders\n` +
    `${lines.join('')}  ${after.length} times a holder of ${LOCK.name} was killed: ` +
    `taken over after ${Math.max(0, ...after).toFixed(0)} ms at the most\n`
  );
}
