import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../src/index.js';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import {
  heldIntervals,
  lateEntries,
  mostAtOnce,
  overlappingTerms,
  type NamedInterval,
} from '../support/records/recorded.invariants.js';
import type { ContestOptions } from '../support/member-app/member.contest.js';
import { machineTime, msBetween } from '../support/time/machine.time.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;
const DRAIN = 1_000;
const FOR_GOOD = [600_000, 600_000] as const;
const LOCK: ContestOptions = { name: 'job', hold: FOR_GOOD, pause: [0, 0], timeout: 60_000 };
const PERMIT: ContestOptions = { ...LOCK, name: 'pool', limit: 2 };

function isWritten({ code }: { code: string }): boolean {
  return code === 'written';
}

/** Has it, by its own word. */
function holding(member: MemberProcess, { name }: ContestOptions): Promise<NamedInterval> {
  return until(`${member.name} holds ${name}`, () => heldIntervals([member], name).at(-1));
}

async function hold(member: MemberProcess, options: ContestOptions): Promise<NamedInterval> {
  await member.contend(options);
  return holding(member, options);
}

/** It waits for what another one holds: its request has been through the store once. */
async function wait(member: MemberProcess, options: ContestOptions): Promise<void> {
  await member.contend(options);
  await until('it waits', async () => (await member.call<number>('waiting')) > 0);
}

describe.each(sharedStores)('what processes hold, on $name', ({ name: storeName, open }) => {
  let store: SharedStore;
  let cluster: Cluster;
  let leader: MemberProcess;
  let followers: MemberProcess[];

  beforeEach(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({
      hedge: { ...hedge, leaseDuration: LEASE, drainTimeout: DRAIN },
      env,
    });
    await cluster.start(4);
    ({ leader, followers } = await cluster.agreed());
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it.each(['the holder', 'the holder and the leader', 'the leader, which is the holder'])(
    'a lock is usable again soon after a kill -9 of %s',
    async (killed) => {
      const [other, waiter] = followers;
      const holder = killed === 'the leader, which is the holder' ? leader : other;
      const { token } = await hold(holder, LOCK);
      await wait(waiter, LOCK);

      const at = holder.signal('SIGKILL');
      if (killed === 'the holder and the leader') leader.signal('SIGKILL');
      const next = await holding(waiter, LOCK);

      expect(msBetween(at, next.from)).toBeLessThan(
        killed === 'the holder' ? LEASE + 1_000 : LEASE + 2_000,
      );
      expect(next.token).toBeGreaterThan(token);
      expect(overlappingTerms(heldIntervals(cluster.members, LOCK.name))).toEqual([]);
    },
  );

  it.each(['the holder', 'the holder and the leader'])(
    'a permit is usable again soon after a kill -9 of %s',
    async (killed) => {
      const [holder, other, waiter] = followers;
      await hold(holder, PERMIT);
      await hold(other, PERMIT);
      await wait(waiter, PERMIT);

      const at = holder.signal('SIGKILL');
      if (killed === 'the holder and the leader') leader.signal('SIGKILL');
      const next = await holding(waiter, PERMIT);

      expect(msBetween(at, next.from)).toBeLessThan(
        killed === 'the holder' ? LEASE + 1_000 : LEASE + 2_000,
      );
      expect(mostAtOnce(heldIntervals(cluster.members, PERMIT.name))).toBe(2);
    },
  );

  it("permits survive the leader's death, and go on to count", async () => {
    const [one, other, waiter] = followers;
    const held = [await hold(one, PERMIT), await hold(other, PERMIT)];
    await wait(waiter, PERMIT);

    const at = leader.signal('SIGKILL');
    await cluster.agreed();
    await until('two leases are over', () => msBetween(at, machineTime()) > 2 * LEASE);

    for (const [index, member] of [one, other].entries()) {
      const { token, from, to } = heldIntervals([member], PERMIT.name).at(-1)!;
      expect({ token, from }).toMatchObject({ token: held[index].token, from: held[index].from });
      expect(msBetween(at, to)).toBeGreaterThan(1.9 * LEASE);
    }
    expect(heldIntervals([waiter], PERMIT.name)).toEqual([]);

    await one.call('stopContending');
    await holding(waiter, PERMIT);
    expect(mostAtOnce(heldIntervals(cluster.members, PERMIT.name))).toBe(2);
  });

  it('a holder that is stopped for longer than its lease has lost the lock when it goes on', async () => {
    const [holder, waiter] = followers;
    const { token } = await hold(holder, { ...LOCK, putKey: 'key' });
    await wait(waiter, { ...LOCK, putKey: 'key' });
    await until('it has put', () => holder.records.eventsOf('lock-put').some(isWritten));

    const at = machineTime();
    // A SIGSTOP from outside may hit it while it holds the lock of an SQLite file.
    if (storeName === 'SQLite') holder.pauseItself();
    else holder.signal('SIGSTOP');
    const next = await holding(waiter, LOCK);
    await until('the next holder has put', () =>
      waiter.records.eventsOf('lock-put').some(isWritten),
    );
    await until('a lease and a half is over', () => msBetween(at, machineTime()) > 1.5 * LEASE);
    const continuedAt = holder.signal('SIGCONT');
    const refused = await until('its put is refused', () =>
      holder.records.eventsOf('lock-put').find((put) => !isWritten(put)),
    );

    expect(msBetween(at, next.from)).toBeLessThan(LEASE + 1_000);
    expect(next.token).toBeGreaterThan(token);
    expect(refused.code).toBe('LOCK_LOST');
    expect(heldIntervals([holder], LOCK.name)[0].to).toBeLessThan(continuedAt);
    expect(overlappingTerms(heldIntervals(cluster.members, LOCK.name))).toEqual([]);

    // Its signal aborts before the first turn of the event loop is over.
    const [aborted] = holder.records.eventsOf('holding-aborted');
    const pause = await until('its first turn is over', () =>
      holder.records.eventsOf('stood-still').find((event) => event.at > continuedAt),
    );
    expect(aborted.token).toBe(token);
    expect(aborted.at).toBeGreaterThan(continuedAt);
    expect(aborted.at).toBeLessThan(pause.firstTurnAt);

    const entries = await waiter.call<LogEntry[]>('history', 'key');
    expect(lateEntries(entries)).toEqual([]);
    expect(new Set(entries.map(({ value }) => BigInt(value)))).toEqual(
      new Set([token, next.token]),
    );
  });

  it('a lock is usable at once after a SIGTERM of the holder', async () => {
    const [holder, waiter] = followers;
    await hold(holder, LOCK);
    await wait(waiter, LOCK);

    const at = holder.signal('SIGTERM');
    const next = await holding(waiter, LOCK);
    const exit = await holder.exited;

    expect(msBetween(at, next.from)).toBeLessThan(500);
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(overlappingTerms(heldIntervals(cluster.members, LOCK.name))).toEqual([]);
  });
});
