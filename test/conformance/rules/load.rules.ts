import { expect } from 'vitest';
import type { HedgeStore, Mutation } from '../../../src/store/index.js';
import { lock, entry } from './mutations.js';
import { CALL, commit, entries, ids, writers, failureOf, increment } from './store.calls.js';
import { it } from './stores-under-test.js';

/** What holds while many calls are under way. */
export function loadRules(): void {
  it('sees what its peers wrote at once, whoever wrote', async ({ store, peer }) => {
    for (let round = 0; round < 5; round++) {
      await commit(store, [entry('k', `${round}a`)]);
      expect((await ids(peer, 'k'))[0]).toBe(`${round}a`);
      await commit(peer, [entry('k', `${round}b`)]);
      expect((await ids(store, 'k'))[0]).toBe(`${round}b`);
    }
  });

  it('puts what is urgent before the calls that wait', async ({ store }) => {
    await commit(store, [{ table: 'lock', op: 'insert', name: 's' }]);
    const flood = 1_000;
    let answered = 0;
    const read = async () => {
      await store.rows({ names: ['s'] }, { timeout: 60_000 });
      answered++;
    };
    const reads = Array.from({ length: flood }, read);
    const renewal: Mutation = { table: 'lock', op: 'update', name: 's', heartbeat: 'now' };
    await store.commit([renewal], { ...CALL, isUrgent: true });
    // Those under way go on meanwhile.
    expect(answered).toBeLessThan(flood / 2);
    await Promise.all(reads);
  });

  it('gives up a call at once that waits behind others', async ({ store }) => {
    const flood = 1_000;
    let answered = 0;
    const read = async () => {
      await store.rows({ names: ['s'] }, { timeout: 60_000 });
      answered++;
    };
    const reads = Array.from({ length: flood }, read);
    const giveUp = new AbortController();
    const deletion: Mutation = { table: 'lock', op: 'delete', name: 's' };
    const waiting = store.commit([deletion], { timeout: 60_000, signal: giveUp.signal });
    giveUp.abort();
    expect(await failureOf(() => waiting)).toBe('given-up');
    expect(answered).toBeLessThan(flood / 2);
    await Promise.all(reads);
  });

  it('stays whole under a load of reads and writes', async ({ store, peer }) => {
    const rounds = 12;
    const done = new AbortController();
    const append = async (by: HedgeStore, who: string) => {
      for (let round = 0; round < rounds; round++) {
        const id = `${who}${String(round).padStart(2, '0')}`;
        await commit(by, [
          { table: 'lock', op: 'upsert', name: `last/${who}`, writer: id, token: 'now' },
          entry('k', `${id}-1`),
          entry('k', `${id}-2`),
        ]);
      }
    };
    const count = async (by: HedgeStore) => {
      for (let round = 0; round < rounds; round++) await increment('count', by);
    };
    const watch = async (by: HedgeStore) => {
      let seen = 0;
      while (!done.signal.aborted) {
        const found = await entries(by, { key: 'k', order: 'oldest' });
        // Pairs of one commit: both or neither, next to each other, and never fewer than before.
        expect(found.length % 2).toBe(0);
        expect(found.length).toBeGreaterThanOrEqual(seen);
        seen = found.length;
        for (let at = 0; at < seen; at += 2) {
          const [one, two] = [found[at], found[at + 1]];
          expect(one?.id).toMatch(/-1$/);
          expect(two?.id).toBe(one?.id.replace('-1', '-2'));
          expect(two?.timestamp).toBe(one?.timestamp);
        }
      }
    };

    await commit(store, [lock('count', '0')]);
    const work = Promise.all([
      append(store, 'a'),
      append(peer, 'b'),
      append(store, 'c'),
      count(store),
      count(peer),
    ]);
    const watching = Promise.all([watch(store), watch(peer)]);
    await work.finally(() => done.abort());
    await watching;

    expect(await ids(store, 'k')).toHaveLength(3 * 2 * rounds);
    expect(await writers(peer, ['count', 'last/a', 'last/b', 'last/c'])).toEqual({
      count: String(2 * rounds),
      'last/a': `a${rounds - 1}`,
      'last/b': `b${rounds - 1}`,
      'last/c': `c${rounds - 1}`,
    });
  });
}
