import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster } from '../support/cluster/cluster.js';
import type { BroadcastNote } from '../support/member-app/member.main.js';
import { openSqlite, type SharedStore } from '../support/stores/cross-process.stores.js';

/** ms; long beside anything a busy machine does to a reply */
const TIMEOUT = 5_000;

describe('a broadcast to five members, one of them killed and one stopped', () => {
  let store: SharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await openSqlite();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: 10_000 }, env });
    await cluster.start(5);
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it('has three replies at once, and two errors by its timeout', async () => {
    const { followers } = await cluster.agreed();
    const [asker, killed, stopped] = followers;
    const only = cluster.members.map(({ id }) => id);
    const broadcast = () =>
      asker.call<BroadcastNote[]>('broadcast', 'who', { only, timeout: TIMEOUT });
    // Connections are open when the two go: what is there, not what cannot be dialled, is what hangs.
    const all = await broadcast();
    expect(new Set(all.map(({ reply }) => reply))).toEqual(new Set(only));

    await killed.kill();
    stopped.pauseItself();
    const entries = await broadcast();
    stopped.signal('SIGCONT');

    const replies = entries.filter(({ reply }) => reply !== undefined);
    const alive = only.filter((id) => id !== killed.id && id !== stopped.id);
    expect(new Set(replies.map(({ reply }) => reply))).toEqual(new Set(alive));
    expect(Math.max(...replies.map(({ after }) => after))).toBeLessThan(TIMEOUT / 2);
    const codes = new Map(entries.map(({ member, code }) => [member, code]));
    expect([codes.get(killed.id), codes.get(stopped.id)]).toEqual(['CONNECTION_LOST', 'TIMEOUT']);
    const last = entries.at(-1);
    expect(last?.member).toBe(stopped.id);
    expect(last?.after).toBeGreaterThan(TIMEOUT - 50);
    expect(last?.after).toBeLessThan(TIMEOUT + 1_000);
  });
});
