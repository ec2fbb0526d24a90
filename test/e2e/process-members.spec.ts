import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { agreedOn, leftSince, listOf } from './process-members.lists.js';
import { machineTime, msBetween } from '../support/time/machine.time.js';
import {
  NetworkNamespaces,
  noNetwork,
  type NetworkHost,
} from '../support/network/network.namespaces.js';
import { openSqlite, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;

/** ms, as promised. */
const LEAVE = 200;
const CRASH = 1_000;
const SILENCE = 5_000;

describe('the member lists of five processes', () => {
  let store: SharedStore;
  let cluster: Cluster;
  let members: MemberProcess[];

  beforeEach(async () => {
    store = await openSqlite();
    cluster = new Cluster({ hedge: { ...store.hedge, leaseDuration: LEASE }, env: store.env });
    members = await cluster.start(5);
    await agreedOn(members, machineTime());
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  async function without(gone: MemberProcess, since: bigint): Promise<number> {
    return agreedOn(
      members.filter((member) => member !== gone),
      since,
    );
  }

  it('agree within the promised times after a kill -9, a stop, a SIGTERM and a join', async () => {
    const { followers } = await cluster.agreed();
    const [killed, stopped, ended] = followers;

    expect(await without(killed, killed.signal('SIGKILL'))).toBeLessThan(CRASH);
    members = members.filter((member) => member !== killed);

    const stoppedAt = machineTime();
    stopped.pauseItself();
    expect(await without(stopped, stoppedAt)).toBeLessThan(SILENCE);
    stopped.signal('SIGCONT');
    await agreedOn(members, stoppedAt);

    expect(await without(ended, ended.signal('SIGTERM'))).toBeLessThan(LEAVE);
    members = members.filter((member) => member !== ended);

    const joining = await cluster.spawn().ready();
    members.push(joining);
    // From when it listens: what comes before is Nest's and Node's own start.
    const [{ at: listeningAt }] = joining.records.eventsOf('members');
    expect(await agreedOn(members, listeningAt)).toBeLessThan(LEAVE);
  });

  it('keep everybody during a pause of 2 s, of a follower or of the leader', async () => {
    const { leader, followers } = await cluster.agreed();
    for (const paused of [followers[0], leader]) {
      const since = machineTime();
      paused.pauseItself();
      await until('2 s are over', () => msBetween(since, machineTime()) > 2_000);
      paused.signal('SIGCONT');
      await until(
        'its silence would have been noticed',
        () => msBetween(since, machineTime()) > 6_000,
      );
      expect(leftSince(members, since)).toEqual([]);
      await agreedOn(members, since);
    }
  });

  it('lose but the leader when it is killed, through the election and after it', async () => {
    const { leader, token } = await cluster.agreed();
    const since = leader.signal('SIGKILL');
    expect(await without(leader, since)).toBeLessThan(CRASH);

    await cluster.leader(token);
    await until(
      'silence would have been noticed',
      () => msBetween(since, machineTime()) > LEASE + 6_000,
    );
    const rest = members.filter((member) => member !== leader);
    expect(leftSince(rest, since)).toEqual([leader.id]);
    await agreedOn(rest, since);
  });

  it('show five after a rolling restart of all five', async () => {
    for (const old of members) {
      const address = old.id;
      const endedAt = old.signal('SIGTERM');
      await old.exited;
      expect(await without(old, endedAt)).toBeLessThan(CRASH);
      const next = await cluster.spawn({ hedge: { address } }).ready();
      members = members.map((member) => (member === old ? next : member));
      await agreedOn(members, endedAt);
    }
    expect(listOf(members[0])).toHaveLength(5);
    const { leader } = await cluster.agreed();
    expect(members.map(({ name }) => name)).toContain(leader.name);
  });
});

describe.skipIf(noNetwork)('the member lists of five hosts', () => {
  let store: SharedStore;
  let cluster: Cluster;
  let network: NetworkNamespaces;
  let members: MemberProcess[];
  const hosts = new Map<MemberProcess, NetworkHost>();

  beforeEach(async () => {
    network = new NetworkNamespaces();
    hosts.clear();
    store = await openSqlite();
    cluster = new Cluster({ hedge: { ...store.hedge, leaseDuration: LEASE }, env: store.env });
    for (let i = 0; i < 5; i++) {
      const host = network.addHost();
      const hedge = { address: `${host.address}:7000` };
      hosts.set(cluster.spawn({ hedge }, host.namespace), host);
    }
    members = [...hosts.keys()];
    await Promise.all(members.map((member) => member.ready()));
    await agreedOn(members, machineTime());
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    network[Symbol.dispose]();
    await store.close();
  });

  it('agree without a member that is cut off from the leader, and with it again', async () => {
    const { leader, followers } = await cluster.agreed();
    const [cutOff, ...others] = followers;
    const since = machineTime();
    network.cut(hosts.get(cutOff)!, hosts.get(leader)!);

    expect(await agreedOn([leader, ...others], since)).toBeLessThan(SILENCE);
    // It still hears from the others who is there, and counts itself in.
    await agreedOn(members, since, [cutOff]);
    const healedAt = machineTime();
    network.heal(hosts.get(cutOff)!);
    expect(await agreedOn(members, healedAt)).toBeLessThan(SILENCE);
  });

  it('agree without a member that is cut off from everybody, and with it again', async () => {
    const { followers } = await cluster.agreed();
    const [cutOff] = followers;
    const since = machineTime();
    network.isolate(hosts.get(cutOff)!);

    const others = members.filter((member) => member !== cutOff);
    expect(await agreedOn(others, since)).toBeLessThan(SILENCE);
    await agreedOn([cutOff], since);
    const healedAt = machineTime();
    network.heal(hosts.get(cutOff)!);
    expect(await agreedOn(members, healedAt)).toBeLessThan(SILENCE);
  });

  it('agree without a leader that is cut off from everybody, and with it again', async () => {
    const { leader, followers } = await cluster.agreed();
    const since = machineTime();
    network.isolate(hosts.get(leader)!);

    expect(await agreedOn(followers, since)).toBeLessThan(SILENCE + 1_000);
    await agreedOn([leader], since);
    // It reaches the store, which says who leads; nobody reaches it.
    expect(await leader.status()).toMatchObject({ isLeader: true });
    for (const member of followers) {
      const refused = member.call('put', 'k', member.name, 500).catch(({ code }) => code);
      expect(await refused).toMatch(/^(TIMEOUT|CONNECTION_LOST|NO_LEADER)$/);
    }
    const healedAt = machineTime();
    network.heal(hosts.get(leader)!);
    expect(await agreedOn(members, healedAt)).toBeLessThan(SILENCE);
  });
});
