import { describe, expect, vi } from 'vitest';
import { TEXTS } from './awkward-text.js';
import { entry } from './mutations.js';
import { commit, entries, ids } from './store.calls.js';
import { it } from './stores-under-test.js';

/** How entries of the log are kept, ordered and found. */
export function logEntryRules(): void {
  describe('entries of the log', () => {
    it('come by time, then by id, in either order', async ({ store }) => {
      await commit(store, [entry('k', 'm'), entry('k', 'z'), entry('k', 'a')]);
      await commit(store, [entry('k', 'b'), entry('other', 'x')]);
      await commit(store, [entry('k', 'é'), entry('k', '\uffff'), entry('k', '😀')]);

      const newest = ['😀', '\uffff', 'é', 'b', 'z', 'm', 'a'];
      expect(await ids(store, 'k')).toEqual(newest);
      expect(await ids(store, 'k', { order: 'oldest' })).toEqual(newest.toReversed());
    });

    it('can be limited and paged through', async ({ store }) => {
      await commit(store, [entry('k', '3'), entry('k', '2'), entry('k', '1')]);
      await commit(store, [entry('k', '4'), entry('k', '5')]);

      expect(await ids(store, 'k', { limit: 1 })).toEqual(['5']);
      expect(await ids(store, 'k', { limit: 2, order: 'oldest' })).toEqual(['1', '2']);
      expect(await ids(store, 'k', { limit: 2, offset: 1 })).toEqual(['4', '3']);
      expect(await ids(store, 'k', { offset: 3 })).toEqual(['2', '1']);
      expect(await ids(store, 'k', { limit: 10, offset: 4, order: 'oldest' })).toEqual(['5']);
      expect(await ids(store, 'k', { limit: 10, offset: 5 })).toEqual([]);
    });

    it('lie strictly before and after', async ({ store }) => {
      const stamps: bigint[] = [];
      for (const id of ['1', '2', '3', '4']) {
        stamps.push(await commit(store, [entry('k', id)]));
      }
      const [first, second, third, fourth] = stamps;

      expect(await ids(store, 'k', { after: second })).toEqual(['4', '3']);
      expect(await ids(store, 'k', { before: third })).toEqual(['2', '1']);
      expect(await ids(store, 'k', { after: first, before: fourth })).toEqual(['3', '2']);
      expect(await ids(store, 'k', { after: second, before: third })).toEqual([]);
      expect(await ids(store, 'k', { after: (second ?? 0n) - 1n, order: 'oldest' })).toEqual([
        '2',
        '3',
        '4',
      ]);
      expect(await ids(store, 'k', { before: (third ?? 0n) + 1n, limit: 1 })).toEqual(['3']);
    });

    it('are those of the key alone', async ({ store, peer }) => {
      const keys = ['', 'k', 'k/', 'k/l', 'K', 'k\u0000', 'k\u0000l', 'k%', 'é', 'e\u0301', '😀'];
      await commit(
        store,
        keys.map((key) => entry(key, 'id', `of ${key}`)),
      );

      for (const key of keys) {
        expect(await entries(peer, { key, order: 'newest' })).toMatchObject([
          { key, value: `of ${key}` },
        ]);
      }
      expect(await ids(store, 'k_')).toEqual([]);
    });

    it('keep any text, to the last character', async ({ store, peer }) => {
      const timestamp = await commit(
        store,
        TEXTS.map((text, at) => ({ ...entry(`k${text}`, `${at}${text}`, text), leader: text })),
      );

      for (const [at, text] of TEXTS.entries()) {
        expect(await entries(peer, { key: `k${text}`, order: 'oldest' })).toEqual([
          { id: `${at}${text}`, key: `k${text}`, value: text, leader: text, timestamp },
        ]);
      }
    });

    it('keep a value of 1 MB', async ({ store, peer }) => {
      const value = `${'0123456789abcde\n'.repeat(65_535)}the end, é😀`;
      await commit(store, [entry('k', '1', value)]);

      const [found] = await entries(peer, { key: 'k', order: 'newest', limit: 1 });
      expect(found?.value === value).toBe(true);
    });

    it('can be listed without their values', async ({ store }) => {
      const timestamp = await commit(store, [entry('k', '1', 'much'), entry('k', '2', 'more')]);

      expect(await entries(store, { key: 'k', order: 'newest', withoutValues: true })).toEqual([
        { id: '2', key: 'k', value: '', leader: 'leader', timestamp },
        { id: '1', key: 'k', value: '', leader: 'leader', timestamp },
      ]);
    });

    it('are found by a read that may lag, once it may lag no longer', async ({ store }) => {
      await commit(store, [entry('k', '1')]);
      await vi.waitFor(
        async () => expect(await ids(store, 'k', { maxStaleness: 1 })).toEqual(['1']),
        5_000,
      );
    });

    it('can be deleted, and what is not there too', async ({ store }) => {
      await commit(store, [entry('k', '1'), entry('k', '2'), entry('l', '1')]);
      await commit(store, [
        { table: 'log', op: 'delete', key: 'k', id: '1' },
        { table: 'log', op: 'delete', key: 'k', id: 'nothing' },
      ]);

      expect(await ids(store, 'k')).toEqual(['2']);
      expect(await ids(store, 'l')).toEqual(['1']);
    });
  });
}
