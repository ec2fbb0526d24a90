import { describe, expect } from 'vitest';
import type { StoreFailure } from '../../../src/errors/index.js';
import { keysBeginningWith, type HedgeStore, type Mutation } from '../../../src/store/index.js';
import { lock, update, entry } from './mutations.js';
import {
  commit,
  transact,
  entries,
  ids,
  row,
  names,
  writers,
  repeated,
  failureOf,
  CALL,
  increment,
} from './store.calls.js';
import { it } from './stores-under-test.js';

/** What a transaction may rely on. */
export function transactionRules(): void {
  describe('transact', () => {
    it('decides on what it read, and answers what was decided', async ({ store, peer }) => {
      await commit(store, [lock('a', 'one')]);

      const { result, timestamp } = await transact(store, { names: ['a', 'b'] }, (rows) => ({
        result: rows.map((found) => [found.name, found.writer]),
        mutations: [
          { table: 'lock', op: 'update', name: 'a', writer: 'two', token: 'now' },
          entry('k', '1'),
        ],
      }));

      expect(result).toEqual([['a', 'one']]);
      expect(await row(peer, 'a')).toMatchObject({ writer: 'two', token: timestamp });
      expect(await entries(peer, { key: 'k', order: 'newest' })).toMatchObject([{ timestamp }]);
    });

    it('writes nothing when nothing is decided', async ({ store }) => {
      await commit(store, [lock('a', 'one')]);
      const answer = await transact(store, { names: ['a'] }, (rows) => ({ result: rows.length }));

      expect(answer).toEqual({ result: 1, timestamp: undefined });
      expect(await writers(store, ['a'])).toEqual({ a: 'one' });
    });

    it('writes nothing and holds nothing when the decision throws', async ({ store, peer }) => {
      await commit(store, [lock('a', 'one')]);
      const reason = new Error('changed my mind');

      await expect(
        repeated(() =>
          store.transact(
            { names: ['a'] },
            () => {
              throw reason;
            },
            CALL,
          ),
        ),
      ).rejects.toBe(reason);
      await commit(peer, [update('a', 'two')]);
      expect(await writers(store, ['a'])).toEqual({ a: 'two' });
    });

    it.for<[StoreFailure, Mutation]>([
      ['row-missing', update('nobody')],
      ['row-exists', lock('a')],
    ])('writes nothing with %s, and holds nothing', async ([failure, bad], { store, peer }) => {
      await commit(store, [lock('a', 'one')]);

      for (const mutations of [
        [bad, lock('new')],
        [lock('new'), bad],
      ]) {
        const attempt = () =>
          store.transact({ names: ['a'] }, () => ({ result: undefined, mutations }), CALL);
        expect(await failureOf(attempt)).toBe(failure);
      }
      expect(await writers(store, ['a', 'new'])).toEqual({ a: 'one' });
      await commit(peer, [update('a', 'two'), lock('new')]);
    });

    it('writes nothing once the signal is aborted, before it or while deciding', async ({
      store,
      peer,
    }) => {
      for (const early of [true, false]) {
        const attempt = () => {
          const giveUp = new AbortController();
          if (early) giveUp.abort();
          return store.transact(
            { names: ['a'] },
            () => {
              giveUp.abort();
              return { result: undefined, mutations: [lock('a'), entry('k', '1')] };
            },
            { ...CALL, signal: giveUp.signal },
          );
        };
        expect(await failureOf(attempt)).toBe('given-up');
      }
      expect(await writers(peer, ['a'])).toEqual({});
      expect(await ids(peer, 'k')).toEqual([]);
      await commit(peer, [lock('a')]);
    });

    it('counts every one of many concurrent increments', async ({ store, peer }) => {
      await commit(store, [lock('counter', '0')]);
      const answers = await Promise.all(
        Array.from({ length: 24 }, (_, at) => increment('counter', at % 2 === 0 ? store : peer)),
      );

      expect(await writers(store, ['counter'])).toEqual({ counter: '24' });
      const inOrder = answers.map(({ result }) => result).toSorted((a, b) => a - b);
      expect(inOrder).toEqual(Array.from({ length: 24 }, (_, at) => at + 1));
      // Whoever counted later has the later timestamp.
      const byCount = answers.toSorted((a, b) => a.result - b.result);
      const stamps = byCount.map(({ timestamp }) => timestamp ?? 0n);
      expect(stamps).toEqual(stamps.toSorted((a, b) => (a < b ? -1 : 1)));
      expect(new Set(stamps).size).toBe(24);
    });

    it('lets one of many take what a range says is free', async ({ store, peer }) => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, at) => takeLock(`term${at}`, at % 2 === 0 ? store : peer)),
      );

      const won = answers.flatMap(({ result }, at) => (result ? [`lock#term${at}`] : []));
      expect(won).toHaveLength(1);
      expect(await names(store, { range: keysBeginningWith('lock#') })).toEqual(won);
    });
  });
}

function takeLock(term: string, store: HedgeStore) {
  return transact(store, { range: keysBeginningWith('lock#') }, (rows) =>
    rows.length > 0 ? { result: false } : { result: true, mutations: [lock(`lock#${term}`, term)] },
  );
}
