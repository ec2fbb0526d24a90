import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, until, type Member } from '../support/cluster.js';
import { ledIntervals, overlappingTerms, type NamedInterval } from '../support/invariants.js';
import { machineTime, msBetween } from '../support/member.records.js';
import { sharedStores, type SharedStore } from '../support/shared-stores.js';

const LEASE = 2_000;
const HOLD = 400;

describe.each(sharedStores)('a lock that processes want, on $name', ({ name: storeName, open }) => {
  let store: SharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
    await cluster.start(3, { lock: { name: 'job', hold: HOLD } });
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  const holdings = (members: readonly Member[] = cluster.members): NamedInterval[] =>
    ledIntervals(members.map(({ name, lockRecords }) => ({ name, records: lockRecords })));

  /** Whoever took the lock a moment ago, and will have it for a while yet. */
  const holder = (): Promise<{ member: Member; token: bigint }> =>
    until('somebody has just taken the lock', () => {
      const newest = holdings().at(-1);
      const isFresh = newest && msBetween(newest.from, machineTime()) < HOLD / 4;
      const member = isFresh && cluster.members.find(({ name }) => name === newest.member);
      return member && { member, token: newest.token };
    });

  const takenAfter = (token: bigint, but: Member): Promise<NamedInterval> =>
    until('another member takes the lock', () =>
      holdings(cluster.members.filter((member) => member !== but)).find(
        (held) => held.token > token,
      ),
    );

  it('is had by another once the lease of one that was killed is over', async () => {
    for (let round = 0; round < 2; round++) {
      const { member, token } = await holder();
      if (storeName === 'SQLite') {
        // Not while it holds the lock of the file.
        member.pauseItself();
        await until(
          'it stands still',
          () => msBetween(holdings([member]).at(-1)!.to, machineTime()) > 50,
        );
      }
      const killedAt = machineTime();
      await member.kill();
      const next = await takenAfter(token, member);

      expect(msBetween(killedAt, next.from)).toBeLessThan(LEASE + 500);
    }
    expect(overlappingTerms(holdings())).toEqual([]);
  });

  it('is had by another while its holder is stopped, and not by that one any more', async () => {
    const { member, token } = await holder();
    if (storeName === 'SQLite') member.pauseItself();
    else member.signal('SIGSTOP');
    const next = await takenAfter(token, member);
    const continuedAt = member.signal('SIGCONT');
    const isBack = () => (holdings([member]).at(-1)?.token ?? 0n) > next.token;
    // Others want it as well.
    await until('it takes the lock again', isBack, 40_000);

    const own = holdings([member]).find((held) => held.token === token);
    expect(own?.to).toBeLessThan(continuedAt);
    expect(overlappingTerms(holdings())).toEqual([]);
  });
});
