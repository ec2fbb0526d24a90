import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../src/index.js';
import { Cluster } from '../support/cluster/cluster.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { endLeader, figures } from '../support/cluster/failover.js';
import {
  checkLog,
  ledIntervals,
  overlappingTerms,
} from '../support/records/recorded.invariants.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;
const DRAIN = 1_000;
const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 20);

function load(member: MemberProcess): Promise<void> {
  return member.startLoad({ prefix: member.name, workers: 2, pause: 15 });
}

describe.each(sharedStores)('on $name', ({ name: storeName, open }) => {
  let store: SharedStore;
  let cluster: Cluster;

  beforeAll(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({
      hedge: { ...hedge, leaseDuration: LEASE, drainTimeout: DRAIN },
      env,
    });
    for (const member of await cluster.start(3)) await load(member);
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  async function replace(): Promise<void> {
    const [member] = await cluster.start(1);
    await load(member);
  }

  it(`has a usable leader within lease + 0.5 s of every kill -9`, async () => {
    const rounds: Record<string, number>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { led, usable } = await endLeader(cluster, 'SIGKILL');
      rounds.push({ 'a new leader': led, 'a put acknowledged by it': usable });
      await replace();
    }
    process.stdout.write(figures(`kill -9 on ${storeName}`, rounds));

    for (const round of rounds) {
      expect(round['a put acknowledged by it']).toBeLessThan(LEASE + 500);
    }
  });

  it(`has a usable leader within 0.3 s of the drain after every SIGTERM`, async () => {
    const rounds: Record<string, number>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { drained = NaN, led, usable, exited, exit } = await endLeader(cluster, 'SIGTERM');
      expect(exit).toMatchObject({ code: 0, signal: null });
      rounds.push({
        'the old leader has drained': drained,
        'a new leader': led,
        'a put acknowledged by it': usable,
        'the same, beyond the drain': usable - drained,
        'the old process is gone': exited,
      });
      await replace();
    }
    process.stdout.write(figures(`SIGTERM on ${storeName}`, rounds));

    for (const round of rounds) {
      expect(round['the old leader has drained']).toBeLessThan(DRAIN);
      expect(round['the same, beyond the drain']).toBeLessThan(300);
      expect(round['the old process is gone']).toBeLessThan(DRAIN + 1_000);
    }
  });

  it('never had two leaders, and every put is where it was said to be', async () => {
    await Promise.all(cluster.running.map((member) => member.call('stopLoad')));
    const intervals = ledIntervals(cluster.members);
    expect(intervals.length).toBeGreaterThan(2 * ROUNDS);
    expect(overlappingTerms(intervals)).toEqual([]);

    const [reader] = cluster.running;
    const history = (key: string) => reader.call<LogEntry[]>('history', key);
    const { acknowledged, unacknowledged, violations } = await checkLog(cluster.members, history);
    process.stdout.write(
      `${storeName}: ${intervals.length} terms, ${acknowledged} puts acknowledged, ` +
        `${unacknowledged} in the log without their member having heard of it\n`,
    );
    expect(acknowledged).toBeGreaterThan(ROUNDS * 100);
    expect(violations).toEqual([]);
  });
});
