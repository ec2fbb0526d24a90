import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../src/index.js';
import { parseTimestamp } from '../../src/log/timestamp.js';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import {
  checkLog,
  ledIntervals,
  overlappingTerms,
} from '../support/records/recorded.invariants.js';
import { machineTime, msBetween } from '../support/time/machine.time.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;

describe.each(sharedStores)('a leader that is stopped, on $name', ({ name: storeName, open }) => {
  let store: SharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
    await cluster.start(3);
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it('for less than half a lease leads on, and answers late', async () => {
    const { leader, followers, token } = await cluster.agreed();
    const stoppedAt = machineTime();
    leader.pauseItself();
    const put = followers[0].call<LogEntry>('put', 'key', 'during');
    await until('the pause is over', () => msBetween(stoppedAt, machineTime()) > 0.4 * LEASE);
    const continuedAt = leader.signal('SIGCONT');
    const { timestamp } = await put;

    expect(parseTimestamp(timestamp)).toBeGreaterThan(token);
    await until(
      'others would have taken over',
      () => msBetween(continuedAt, machineTime()) > LEASE,
    );
    expect(ledIntervals(cluster.members)).toMatchObject([{ member: leader.name, token }]);
    expect(leader.records.eventsOf('lost')).toEqual([]);
    expect((await cluster.agreed()).token).toBe(token);
  });

  it('for two leases never leads past its deadline, and comes back as a follower', async () => {
    const { leader, followers, token } = await cluster.agreed();
    // The leader's own follow one another at once, so that there is always one under way when it is stopped.
    for (const member of cluster.members) {
      const pause = member === leader ? 0 : 15;
      await member.startLoad({ prefix: member.name, workers: 2, pause });
    }
    const acked = () => leader.records.eventsOf('ack');
    await until('puts are acknowledged', () => acked().length > 20);

    const stoppedAt = machineTime();
    if (storeName === 'SQLite') leader.pauseItself();
    else leader.signal('SIGSTOP');
    const next = await until('another member leads', () =>
      ledIntervals(followers).find((led) => led.token > token),
    );
    await until('it takes puts', () =>
      followers.some(({ records }) =>
        records.eventsOf('ack').some(({ timestamp }) => timestamp > next.token),
      ),
    );
    await until('two leases are over', () => msBetween(stoppedAt, machineTime()) > 2 * LEASE);
    const continuedAt = leader.signal('SIGCONT');
    await until('its own puts are acknowledged again', () =>
      acked().some(({ timestamp, at }) => timestamp > next.token && at > continuedAt),
    );

    expect(msBetween(stoppedAt, next.from)).toBeLessThan(LEASE + 500);
    const [own] = leader.records.intervals;
    expect(own.token).toBe(token);
    expect(own.to).toBeLessThan(continuedAt);
    expect(overlappingTerms(ledIntervals(cluster.members))).toEqual([]);

    // Its signal aborts before the first turn of the event loop is over.
    const [aborted] = leader.records.eventsOf('aborted');
    const pause = leader.records.eventsOf('stood-still').find(({ at }) => at > continuedAt);
    expect(aborted.token).toBe(token);
    expect(aborted.at).toBeGreaterThan(continuedAt);
    expect(aborted.at).toBeLessThan(pause!.firstTurnAt);

    const { leader: current, followers: others } = await cluster.agreed();
    expect(current.name).toBe(next.member);
    expect(others.map(({ name }) => name)).toContain(leader.name);

    await Promise.all(cluster.members.map((member) => member.call('stopLoad')));
    const { acknowledged, violations } = await checkLog(cluster.members, (key) =>
      current.call<LogEntry[]>('history', key),
    );
    expect(acknowledged).toBeGreaterThan(100);
    expect(violations).toEqual([]);
  });
});
