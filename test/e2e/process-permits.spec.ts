import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { machineTime, msBetween } from '../support/time/machine.time.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;
const LIMIT = 3;

const take = (member: MemberProcess, count: number) => member.call('takePermits', LIMIT, count);

/** Until when they were seen to be held. */
const lastHeld = ({ records }: MemberProcess) => records.eventsOf('permits').at(-1)!.at;

describe.each(sharedStores)('permits of processes on $name', ({ name: storeName, open }) => {
  let store: SharedStore;
  let cluster: Cluster;
  let holder: MemberProcess;
  let other: MemberProcess;
  let third: MemberProcess;

  beforeEach(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
    await cluster.start(3);
    const { leader, followers } = await cluster.agreed();
    [holder, other, third] = [...followers, leader];
    await take(holder, 2);
    await take(other, 1);
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it('are had by others within lease + 0.5 s of a kill -9, and no sooner than they may', async () => {
    const killedAt = holder.signal('SIGKILL');
    const held = lastHeld(holder);
    await take(third, 1);
    const after = msBetween(killedAt, machineTime());
    await take(third, 1);

    expect(after).toBeLessThan(LEASE + 500);
    // Its last renewal was a third of a lease before that, at the most.
    expect(msBetween(held, third.records.eventsOf('permits')[0].at)).toBeGreaterThan(LEASE / 2);
    expect(await third.call('heldPermits')).toBe(2);
    expect(await other.call('heldPermits')).toBe(1);
  });

  it('are not held any more by a process that was stopped until others have them', async () => {
    const stoppedAt = machineTime();
    if (storeName === 'SQLite') holder.pauseItself();
    else holder.signal('SIGSTOP');
    await take(third, 2);
    const after = msBetween(stoppedAt, machineTime());
    const continuedAt = holder.signal('SIGCONT');
    await until('it has looked again', async () => {
      const [stood] = holder.records.eventsOf('stood-still').filter(({ at }) => at > continuedAt);
      return stood;
    });

    expect(after).toBeLessThan(LEASE + 1_000);
    expect(lastHeld(holder)).toBeLessThan(continuedAt);
    expect(await holder.call('heldPermits')).toBe(0);
    expect([await other.call('heldPermits'), await third.call('heldPermits')]).toEqual([1, 2]);
    // What it asks for now it gets in its turn, under a session of its own.
    const again = take(holder, 1);
    await other.kill();
    await again;
    expect(await holder.call('heldPermits')).toBe(1);
  });
});
