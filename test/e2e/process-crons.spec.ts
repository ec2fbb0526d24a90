import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../src/index.js';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { reportCrons } from '../support/cluster/cron.report.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;

const began = ({ records }: MemberProcess) => records.eventsOf('cron-began').length;
const ended = ({ records }: MemberProcess) => records.eventsOf('cron-ended').length;

// The soak does the same for minutes, with pauses and a clock that is ahead.
describe.each(sharedStores)('a cron of three processes on $name', ({ open }) => {
  let store: SharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
    await cluster.start(3, { cron: true });
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it('runs each slot once, and tells of a run that died with its leader', async () => {
    const { leader: first } = await cluster.agreed();
    await until(
      'it has run twice, and runs',
      () => ended(first) > 1 && began(first) > ended(first),
    );
    await first.kill();
    const cut = began(first) > ended(first);
    const { leader } = await cluster.agreed();
    await until('the next has run, too', () => ended(leader) > 2);

    const entries = await leader.call<LogEntry[]>('history', 'cron');
    const report = reportCrons(cluster.members, entries);
    expect(report).toMatchObject({ twice: [], unheard: [], untold: [] });
    expect(report.interrupted).toHaveLength(cut ? 1 : 0);
    expect(cluster.members.filter((member) => began(member) > 0)).toHaveLength(2);
  });
});
