import { describe, expect } from 'vitest';
import type { HedgeStore } from '../../../src/store/index.js';
import { lock, remove, entry } from './mutations.js';
import { commit, repeated, CALL } from './store.calls.js';
import { it } from './stores-under-test.js';

/** What a member learns about a commit whose answer is lost. */
export function outcomeRules(): void {
  describe('outcome', () => {
    it('says which entries and rows stand', async ({ store, peer }) => {
      const timestamp = await commit(store, [
        lock('fence#1'),
        entry('k', '1'),
        entry('k', '2'),
        entry('l\u0000', '😀'),
      ]);

      const found = await repeated(() =>
        peer.outcome(
          {
            entries: [
              { key: 'k', id: '2' },
              { key: 'l\u0000', id: '😀' },
              { key: 'l', id: '😀' },
              { key: 'k', id: '3' },
            ],
            names: ['fence#1', 'fence#2', 'Fence#1'],
          },
          CALL,
        ),
      );

      expect(found.names).toEqual(['fence#1']);
      expect(found.entries).toHaveLength(2);
      expect(found.entries).toEqual(
        expect.arrayContaining([
          { key: 'k', id: '2', timestamp },
          { key: 'l\u0000', id: '😀', timestamp },
        ]),
      );
    });

    it('answers nothing to nothing', async ({ store }) => {
      const nothing = { entries: [], names: [] };
      expect(await repeated(() => store.outcome(nothing, CALL))).toEqual(nothing);
    });

    it('sees both tables at one moment', async ({ store, peer }) => {
      // An entry and the row that says so change together: a mixed reading would tell them apart.
      const done = new AbortController();
      const writing = writeAndDelete(store, 20).finally(() => done.abort());

      const query = { entries: [{ key: 'k', id: 'e' }], names: ['fence'] };
      while (!done.signal.aborted) {
        const found = await repeated(() => peer.outcome(query, CALL));
        expect(found.entries).toHaveLength(found.names.length);
      }
      await writing;
    });
  });
}

async function writeAndDelete(store: HedgeStore, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await commit(store, [lock('fence'), entry('k', 'e')]);
    await commit(store, [remove('fence'), { table: 'log', op: 'delete', key: 'k', id: 'e' }]);
  }
}
