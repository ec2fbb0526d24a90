import { describe, expect } from 'vitest';
import { StoreError } from '../../../src/errors/index.js';
import { lock } from './mutations.js';
import { commit, writers, failureOf, CALL } from './store.calls.js';
import { it } from './stores-under-test.js';

/** How a store opens and closes. */
export function lifecycleRules(): void {
  describe('open and close', () => {
    it('may be opened again, by several at once', async ({ store }) => {
      await commit(store, [lock('a', 'one')]);
      await Promise.all([store.open(CALL), store.open(CALL)]);
      expect(await writers(store, ['a'])).toEqual({ a: 'one' });
    });

    it('refuses every call once it is closed', async ({ store }) => {
      await store.close();
      await store.close();

      for (const call of [
        () => store.open(CALL),
        () => store.commit([lock('a')], CALL),
        () => store.transact({}, () => ({ result: 1, mutations: [] }), CALL),
        () => store.rows({ names: ['a'] }, CALL),
        () => store.entries({ key: 'k', order: 'newest' }, CALL),
        () => store.outcome({ entries: [], names: [] }, CALL),
      ]) {
        expect(await failureOf(call)).toBe('unavailable');
      }
    });

    it('settles the calls it is closed under', async ({ store }) => {
      const calls = Promise.allSettled([
        store.commit([lock('a')], CALL),
        store.transact({}, () => ({ result: 1, mutations: [lock('b')] }), CALL),
        store.rows({ names: ['a'] }, CALL),
        store.entries({ key: 'k', order: 'newest' }, CALL),
      ]);
      await store.close();

      for (const outcome of await calls) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(StoreError);
      }
    });
  });
}
