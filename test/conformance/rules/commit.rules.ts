import { describe, expect } from 'vitest';
import type { StoreFailure } from '../../../src/errors/index.js';
import type { Mutation } from '../../../src/store/index.js';
import { lock, update, remove, entry } from './mutations.js';
import { commit, entries, ids, values, row, writers, failureOf, CALL } from './store.calls.js';
import { it } from './stores-under-test.js';

/** What a commit does: all of its mutations or none. */
export function commitRules(): void {
  describe('commit', () => {
    it('writes all of the mutations', async ({ store }) => {
      await commit(store, [lock('a', 'one'), lock('b', 'two'), entry('k', '1'), entry('k', '2')]);

      expect(await writers(store, ['a', 'b', 'c'])).toEqual({ a: 'one', b: 'two' });
      expect(await ids(store, 'k')).toEqual(['2', '1']);
    });

    it.for<[string, StoreFailure, Mutation]>([
      ['an update of a row that is not there', 'row-missing', update('nobody')],
      ['an insert of a row that is there', 'row-exists', lock('standing', 'other')],
      ['an entry whose id is there', 'row-exists', entry('k', 'standing')],
    ])('writes nothing with %s', async ([, failure, bad], { store }) => {
      await commit(store, [lock('standing', 'first'), entry('k', 'standing', 'first')]);
      const good = [lock('new', 'x'), update('standing', 'x'), entry('k', 'new')];

      for (const mutations of [
        [bad, ...good],
        [...good, bad],
      ]) {
        expect(await failureOf(() => store.commit(mutations, CALL))).toBe(failure);
        expect(await writers(store, ['standing', 'new', 'nobody'])).toEqual({
          standing: 'first',
        });
        expect(await values(store, 'k')).toEqual(['first']);
      }
    });

    it('writes nothing when one id comes twice', async ({ store }) => {
      const twice = [entry('k', 'same'), entry('k', 'other'), entry('k', 'same')];

      expect(await failureOf(() => store.commit(twice, CALL))).toBe('row-exists');
      expect(await ids(store, 'k')).toEqual([]);
    });

    it('keeps entries apart by key and id together', async ({ store }) => {
      await commit(store, [entry('k', 'same'), entry('l', 'same')]);

      expect(await ids(store, 'k')).toEqual(['same']);
      expect(await ids(store, 'l')).toEqual(['same']);
    });

    it('applies the mutations of one row in their order', async ({ store }) => {
      await commit(store, [lock('fence', 's'), lock('lock', 's')]);

      await commit(store, [update('fence'), remove('fence'), remove('lock')]);
      expect(await writers(store, ['fence', 'lock'])).toEqual({});

      expect(await failureOf(() => store.commit([update('fence'), remove('fence')], CALL))).toBe(
        'row-missing',
      );
    });

    it('gives timestamps that rise, and stores the very same', async ({ store, peer }) => {
      let last = 0n;
      for (let round = 0; round < 5; round++) {
        const id = String(round);
        const writing = round % 2 === 0 ? store : peer;
        const timestamp = await commit(writing, [
          { table: 'lock', op: 'upsert', name: 'a', token: 'now', heartbeat: 'now' },
          entry('k', id),
        ]);

        expect(timestamp).toBeGreaterThan(last);
        last = timestamp;
        expect((await row(store, 'a'))?.token).toBe(timestamp);
        const [newest] = await entries(store, { key: 'k', order: 'newest', limit: 1 });
        expect(newest).toMatchObject({ id, timestamp });
      }
      // Nanoseconds since 1970, not milliseconds and not the seconds of another epoch.
      expect(Math.abs(Number(last / 1_000_000n) - Date.now())).toBeLessThan(600_000);
    });

    it('writes nothing once the signal is aborted', async ({ store }) => {
      const call = { ...CALL, signal: AbortSignal.abort(new Error('enough')) };

      expect(await failureOf(() => store.commit([lock('a'), entry('k', '1')], call))).toBe(
        'given-up',
      );
      expect(await writers(store, ['a'])).toEqual({});
      expect(await ids(store, 'k')).toEqual([]);
    });

    it.for<[string, Mutation]>([
      ['a name', lock('half \ud800')],
      ['a writer', lock('a', '\udc00 half')],
      ['a key', entry('half \ud800', '1')],
      ['a value', entry('k', '1', 'x\ud83dy')],
    ])('refuses half of a surrogate pair in %s', async ([, bad], { store }) => {
      expect(await failureOf(() => store.commit([lock('b'), bad], CALL))).toBe('refused');
      expect(await writers(store, ['a', 'b'])).toEqual({});
      expect(await ids(store, 'k')).toEqual([]);
    });

    it('takes a batch of 1,000 entries', async ({ store }) => {
      const batch = Array.from({ length: 1_000 }, (_, at) =>
        entry('k', String(at).padStart(4, '0'), `value ${at}`),
      );
      const timestamp = await commit(store, batch);

      const found = await entries(store, { key: 'k', order: 'oldest' });
      expect(found).toEqual(
        batch.map(({ id, key, value, leader }) => ({ id, key, value, leader, timestamp })),
      );
    });
  });
}
