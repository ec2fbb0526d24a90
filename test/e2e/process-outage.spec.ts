import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../src/index.js';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess, MemberError } from '../support/cluster/member.process.js';
import { endLeader } from '../support/cluster/failover.js';
import {
  checkLog,
  ledIntervals,
  overlappingTerms,
} from '../support/records/recorded.invariants.js';
import { machineTime, msBetween } from '../support/time/machine.time.js';
import { freePort } from '../support/network/free.ports.js';
import {
  noOwnEmulator,
  openSpanner,
  openSqlite,
  type SpannerSharedStore,
} from '../support/stores/cross-process.stores.js';
import { createDatabase, startEmulator } from '../support/emulators/spanner.emulator.js';
import { startTcpProxy } from '../support/network/tcp.proxy.js';

const LEASE = 2_000;

/** The code a call was rejected with; fails for one that was not. */
async function rejection(call: Promise<unknown>): Promise<MemberError> {
  return call.then(
    (result) => expect.fail(`resolved with ${JSON.stringify(result)}`),
    (error: MemberError) => error,
  );
}

/** Lines of the log that are more than news. */
function complaints({ output }: MemberProcess): string[] {
  return output.filter((line) => /WARN|ERROR/.test(line));
}

describe.skipIf(noOwnEmulator)('three processes whose Spanner fails', () => {
  let store: SpannerSharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await openSpanner();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
    await cluster.start(3, { lookInterval: 10 });
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it('step down in time when it stops answering, wait quietly, and have a leader within 2 s of its return', async () => {
    const { leader, token } = await cluster.agreed();
    const cpu = () => Promise.all(cluster.members.map((member) => member.call<number>('cpu')));
    const cpuBefore = await cpu();

    const pausedAt = machineTime();
    store.emulator.pause();
    const failures = cluster.members.map((member) =>
      rejection(member.call('put', 'during', member.name, 1_000)),
    );
    for (const failure of failures) {
      expect((await failure).code).toMatch(/^(TIMEOUT|CONNECTION_LOST|NO_LEADER)$/);
    }
    expect(msBetween(pausedAt, machineTime())).toBeLessThan(1_500);
    await until('two leases are over', () => msBetween(pausedAt, machineTime()) > 2 * LEASE);
    expect((await rejection(leader.call('get', 'during', 500))).code).toBe('STORE_UNAVAILABLE');

    const used = (await cpu()).map((ms, index) => ms - cpuBefore[index]);
    const outage = msBetween(pausedAt, machineTime());
    const statuses = await Promise.all(cluster.members.map((member) => member.status()));
    const led = leader.records.intervals.find((interval) => interval.token === token);
    const complained = cluster.members.map((member) => complaints(member).length);

    const resumedAt = machineTime();
    store.emulator.resume();
    const next = await cluster.leader(token);
    expect(msBetween(resumedAt, machineTime())).toBeLessThan(2_000);
    await cluster.agreed();
    await Promise.all(cluster.members.map((member) => member.call('put', 'after', member.name)));

    expect(msBetween(pausedAt, led!.to)).toBeLessThan(LEASE);
    expect(leader.records.eventsOf('lost')[0]).toMatchObject({ token, reason: 'expired' });
    expect(statuses.map((status) => status?.isLeader)).toEqual([false, false, false]);
    for (const ms of used) expect(ms / outage).toBeLessThan(0.2);
    for (const count of complained) expect(count).toBeLessThanOrEqual(4);
    expect(overlappingTerms(ledIntervals(cluster.members))).toEqual([]);
    const during = await next.member.call<LogEntry[]>('history', 'during');
    expect(new Set(during.map(({ value }) => value)).size).toBe(during.length);
    expect(await next.member.call<LogEntry[]>('history', 'after')).toHaveLength(3);
  });

  it('say what to do when it comes back empty, and recover once it is set up again', async () => {
    const { leader, followers, token } = await cluster.agreed();
    await leader.call('put', 'k', 'before');

    await store.emulator.restartEmpty();
    const refused = await until('the leader hears of it', async () => {
      const error = await rejection(leader.call('put', 'k', 'lost', 1_000));
      return error.code === 'STORE_INVALID' && error;
    });
    expect(refused.message).toContain('gcloud spanner instances create');
    for (const member of cluster.members) {
      const error = await rejection(member.call('get', 'k'));
      expect(error.code).toBe('STORE_INVALID');
      expect(error.message).toContain('gcloud spanner instances create');
    }
    await until('nobody leads', async () => {
      const statuses = await Promise.all(cluster.members.map((member) => member.status()));
      return statuses.every((status) => status?.isLeader === false);
    });
    await until('the followers say what to do', () =>
      followers.every(({ output }) =>
        output.join('\n').includes('gcloud spanner instances create'),
      ),
    );

    await store.createDatabase();
    await cluster.leader(token);
    await Promise.all(cluster.members.map((member) => member.call('put', 'k', member.name)));
    const entries = await leader.call<LogEntry[]>('history', 'k');
    expect(entries.map(({ value }) => value).toSorted()).toEqual(
      cluster.members.map(({ name }) => name),
    );
  });
});

describe.skipIf(noOwnEmulator)('a leader that alone does not reach its Spanner', () => {
  it('is followed by another one within lease + 0.5 s, and never leads beside it', async () => {
    const store = await openSpanner();
    const proxy = await startTcpProxy(store.emulator.host);
    try {
      const { hedge, env } = store;
      await using cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
      const behind = { SPANNER_EMULATOR_HOST: proxy.host };
      const cutOff = await cluster.spawn({}, undefined, behind).ready();
      const { token } = await cluster.agreed();
      await cluster.start(2);
      await cluster.agreed();

      const since = machineTime();
      proxy.blackhole();
      const { member } = await cluster.leader(token);
      const [next] = ledIntervals([member]);

      expect(msBetween(since, next.from)).toBeLessThan(LEASE + 500);
      expect(cutOff.records.eventsOf('lost')).toMatchObject([{ token, reason: 'expired' }]);
      await cutOff.call('put', 'key', 'value');
      expect(overlappingTerms(ledIntervals(cluster.members))).toEqual([]);
    } finally {
      await proxy.close();
      await store.close();
    }
  });
});

describe('a SQLite file that is deleted while members run', () => {
  it('is left by them until they are started anew, and what they are asked to put is refused', async () => {
    const store = await openSqlite();
    const file = store.hedge.database!.replace('sqlite:', '');
    try {
      const { hedge, env } = store;
      await using cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
      const old = await cluster.start(2);
      const { leader, token } = await cluster.agreed();
      for (const ending of ['', '-wal', '-shm']) rmSync(file + ending, { force: true });
      const since = machineTime();

      const refused = await rejection(leader.call('put', 'key', 'old', 1_000));
      expect(refused.code).toBe('STORE_INVALID');
      expect(refused.message).toContain('Restart this process');
      const fresh = cluster.spawn();
      await until(
        'the old ones have led long enough',
        () => msBetween(since, machineTime()) > 3 * LEASE,
      );

      const [led] = leader.records.intervals;
      expect(led.token).toBe(token);
      expect(msBetween(since, led.to)).toBeLessThan(LEASE);
      for (const member of old) {
        expect((await member.status())?.isLeader).toBe(false);
        // The renewal that failed, the end of the term, and what to do: not once a second.
        expect(complaints(member).length).toBeLessThanOrEqual(3);
        expect(complaints(member).join()).toContain('Restart this process');
        await member.kill();
      }
      await fresh.ready();
      await until('the new one leads', async () => (await fresh.status())?.isLeader);
      const [again] = await cluster.start(1);
      await again.call('put', 'key', 'new');
      const entries = await fresh.call<LogEntry[]>('history', 'key');
      expect(entries.map(({ value }) => value)).toEqual(['new']);
    } finally {
      await store.close();
    }
  });
});

describe.skipIf(noOwnEmulator)('members that start before their Spanner', () => {
  it('start all the same, warn once, and join when it is there', async () => {
    const port = await freePort();
    const database = 'projects/test-project/instances/test-instance/databases/late';
    await using cluster = new Cluster({
      hedge: { database, lockName: 'group', leaseDuration: LEASE },
      env: { SPANNER_EMULATOR_HOST: `localhost:${port}`, METADATA_SERVER_DETECTION: 'none' },
    });
    const members = await cluster.start(2);
    const failures = await Promise.all(
      members.map((member) => rejection(member.call('put', 'k', 'early', 500))),
    );
    expect(failures.map(({ code }) => code)).toEqual(['NO_LEADER', 'NO_LEADER']);
    for (const member of members) {
      expect(complaints(member)).toEqual([expect.stringContaining('is not available')]);
    }

    const emulator = await startEmulator({ port });
    try {
      await createDatabase(emulator, { tables: true, name: 'late' });
      await cluster.agreed();
      for (const member of members) await member.call('put', 'k', member.name);
      expect(await members[0].call<LogEntry[]>('history', 'k')).toHaveLength(2);
    } finally {
      await emulator.stop();
    }
  });
});

describe.skipIf(noOwnEmulator)('three processes whose Spanner aborts commits at random', () => {
  it('acknowledge every put once, through a change of leader too', async () => {
    const store = await openSpanner({ faultInjection: true });
    try {
      const { hedge, env } = store;
      await using cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
      for (const member of await cluster.start(3)) {
        await member.startLoad({ prefix: member.name, workers: 4, pause: 1 });
      }
      const acks = () => cluster.running.map(({ records }) => records.eventsOf('ack').length);
      await until('puts are acknowledged', () => acks().every((count) => count > 100));
      const { exit } = await endLeader(cluster, 'SIGTERM');
      expect(exit.code).toBe(0);
      await until('more are acknowledged', () => acks().every((count) => count > 300));

      await Promise.all(cluster.running.map((member) => member.call('stopLoad')));
      const [reader] = cluster.running;
      const { violations } = await checkLog(cluster.members, (key) =>
        reader.call<LogEntry[]>('history', key),
      );
      expect(violations).toEqual([]);
      expect(overlappingTerms(ledIntervals(cluster.members))).toEqual([]);
    } finally {
      await store.close();
    }
  });
});
