import { describe, expect, vi } from 'vitest';
import { keysBeginningWith, type HedgeStore } from '../../../src/store/index.js';
import { lock, update, remove } from './mutations.js';
import { commit, transact, names, writers } from './store.calls.js';
import { it } from './stores-under-test.js';

/** What permits of a semaphore ask of a store. */
export function permitRules(): void {
  describe('permits', () => {
    it('are never more than a count of the living among them allows', async ({ store, peer }) => {
      await commit(store, [
        { table: 'lock', op: 'insert', name: 'session/alive', heartbeat: 'now' },
        lock('permits/3/dead', 'gone'),
      ]);
      const takers = Array.from({ length: 12 }, (_, at) => `${at + 10}`);
      const answers = await Promise.all(
        takers.map((id, at) => takePermit(id, 3, at % 2 === 0 ? store : peer)),
      );

      const taken = takers.filter((_, at) => answers[at].result).map((id) => `permits/3/${id}`);
      expect(taken).toHaveLength(3);
      expect(await names(store, { range: keysBeginningWith('permits/') })).toEqual(taken);

      // Room for one: whoever gives back and whoever takes agree on the order.
      const [freed] = taken;
      await Promise.all([
        commit(peer, [update(freed), remove(freed)]),
        vi.waitFor(async () => expect((await takePermit('99', 3, store)).result).toBe(true)),
      ]);
      expect(await names(peer, { range: keysBeginningWith('permits/') })).toHaveLength(3);
    });

    it('leave their session to those that go on', async ({ store, peer }) => {
      await commit(store, [lock('session/alive'), lock('permits/3/1', 'alive')]);
      const seen = await Promise.all([
        takePermit('2', 3, store),
        commit(peer, [update('session/alive', 'renewed')]),
        takePermit('3', 3, peer),
      ]);

      expect([seen[0].result, seen[2].result]).toEqual([true, true]);
      expect(await writers(store, ['session/alive'])).toEqual({ 'session/alive': 'renewed' });
    });
  });
}

/** Counts those whose session stands, clears the others away, and adds one if there is room. */
function takePermit(id: string, limit: number, store: HedgeStore) {
  const query = { range: keysBeginningWith('permits/'), owners: 'session/' };
  return transact(store, query, (rows) => {
    const stands = new Set(rows.map(({ name }) => name));
    const permits = rows.filter(({ name }) => name.startsWith('permits/'));
    const dead = permits.filter(({ writer }) => !stands.has(`session/${writer}`));
    if (permits.length - dead.length >= limit) return { result: false };
    const mutations = [
      ...dead.map(({ name }) => remove(name)),
      lock(`permits/${limit}/${id}`, 'alive'),
    ];
    return { result: true, mutations };
  });
}
