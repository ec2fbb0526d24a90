import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../src/index.js';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { reportCrons } from '../support/cluster/cron.report.js';
import { clockAhead } from './fake.time.js';
import { MishapSeries } from './mishaps.js';
import { sharedStores, type SharedStore } from '../support/stores/cross-process.stores.js';

const LEASE = 2_000;
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10);
/** ms beyond the minutes: start, close and checks */
const AROUND = 120_000;
/** ms between a mishap and the next */
const PAUSE = 15_000;
/** ms that a leader has between two mishaps */
const TERM = 2_500;

function isRunning({ name, records }: MemberProcess): Promise<true> {
  const count = (type: 'cron-began' | 'cron-ended') => records.eventsOf(type).length;
  return until(`${name} runs`, () => count('cron-began') > count('cron-ended') && true);
}

describe.each(sharedStores)('a cron of every second on $name', ({ name: storeName, open }) => {
  let store: SharedStore;
  let cluster: Cluster;
  let mishaps: MishapSeries;
  let handedOver = 0;
  /** Those whose clock is half a second ahead of the others', one after the other. */
  const ahead: MemberProcess[] = [];

  beforeAll(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE, drainTimeout: 500 }, env });
    mishaps = new MishapSeries(cluster, {
      leaseDuration: LEASE,
      stopsThemselves: storeName === 'SQLite',
      holder: () => undefined,
      replace: async (killed) => {
        if (ahead.includes(killed)) await startAhead();
        else await cluster.start(1, { cron: true });
      },
    });
    await startAhead();
    await cluster.start(2, { cron: true });
    await cluster.agreed();
  }, AROUND);

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  async function startAhead(): Promise<void> {
    ahead.push(await cluster.spawn({ cron: true }, undefined, clockAhead(500)).ready());
  }

  /** At once after a run began: where the next leader's clock is behind, it is yet to come to the same slot. */
  async function handOver(): Promise<void> {
    const { leader } = await cluster.agreed();
    await isRunning(leader);
    await leader.call('stepDown');
    handedOver++;
  }

  it(
    `runs each slot once for ${MINUTES} minutes of leaders that are killed and stopped`,
    async () => {
      const end = performance.now() + MINUTES * 60_000;
      for (let count = 0; performance.now() < end; count++) {
        for (let left = PAUSE; left > 0; left -= TERM) {
          await delay(TERM);
          await handOver();
        }
        // Every other time while it runs.
        if (count % 2 === 0) await isRunning((await cluster.agreed()).leader);
        await mishaps.befallLeader();
      }
      const { leader } = await cluster.agreed();
      const runs = () => leader.records.eventsOf('cron-began').length;
      const before = runs();
      await until('it runs on', () => runs() > before + 1);

      const entries = await leader.call<LogEntry[]>('history', 'cron', 60_000);
      const report = reportCrons(cluster.members, entries);
      const { all } = mishaps;
      const kills = all.filter(({ kind }) => kind === 'kill').length;
      const early = ahead.flatMap(({ records }) => records.eventsOf('cron-began'));
      process.stdout.write(
        `${storeName}: ${report.runs.length} runs, ${kills} kills and ${all.length - kills} stops of leaders, ${handedOver} hand-overs, ` +
          `${report.interrupted.length} interrupted; ${report.led} slots led all through, ${report.missed.length} of them missed; ` +
          `${early.length} runs by members that were ahead\n`,
      );
      expect(report).toMatchObject({ twice: [], unheard: [], untold: [], missed: [] });
      expect(report.runs.length).toBeGreaterThan(30 * MINUTES);
      // Most slots have a hand-over within a second: these are the rest.
      expect(report.led).toBeGreaterThan(10 * MINUTES);
    },
    MINUTES * 60_000 + AROUND,
  );
});
