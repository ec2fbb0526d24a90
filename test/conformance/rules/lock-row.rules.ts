import { describe, expect, vi } from 'vitest';
import { keysBeginningWith } from '../../../src/store/index.js';
import { TEXTS } from './awkward-text.js';
import { lock, update, remove } from './mutations.js';
import { commit, transact, row, ageOf, names, writers, byCodePoint } from './store.calls.js';
import { it } from './stores-under-test.js';

/** Names that a careless pattern, a case-blind comparison or UTF-16 order would mix up. */
const NEIGHBOURS = [
  'job',
  'job!a',
  'job"',
  'job#',
  'job#a',
  'job#a/b#',
  'job#a\u0000',
  'job#a%',
  'job#a_',
  'job#e\u0301',
  'job#é',
  'job#שלום',
  'job#\uffff',
  'job#😀',
  'job$',
  'job%a',
  'job_a',
  'jobs',
  'Job#a',
  'JOB#A',
  'ｊob#a',
];

/** How rows of the lock table are written, aged and found. */
export function lockRowRules(): void {
  describe('rows of the lock table', () => {
    it('inserts with null for what is left out', async ({ store }) => {
      await commit(store, [{ table: 'lock', op: 'insert', name: 'a' }]);
      expect(await row(store, 'a')).toEqual({
        name: 'a',
        writer: undefined,
        token: undefined,
        age: undefined,
      });
    });

    it.for(['update', 'upsert'] as const)('keeps what an %s leaves out', async (op, { store }) => {
      const first = await commit(store, [
        {
          table: 'lock',
          op: 'insert',
          name: 'a',
          writer: 'one',
          token: 'now',
          heartbeat: 'now',
        },
      ]);

      await commit(store, [{ table: 'lock', op, name: 'a' }]);
      expect(await row(store, 'a')).toMatchObject({ writer: 'one', token: first });

      await commit(store, [{ table: 'lock', op, name: 'a', writer: 'two' }]);
      const renamed = await row(store, 'a');
      expect(renamed).toMatchObject({ writer: 'two', token: first });
      expect(renamed?.age).toBeTypeOf('number');

      const second = await commit(store, [{ table: 'lock', op, name: 'a', token: 'now' }]);
      expect(second).toBeGreaterThan(first);
      expect(await row(store, 'a')).toMatchObject({ writer: 'two', token: second });

      await commit(store, [{ table: 'lock', op, name: 'a', token: null, heartbeat: null }]);
      expect(await row(store, 'a')).toEqual({
        name: 'a',
        writer: 'two',
        token: undefined,
        age: undefined,
      });

      await commit(store, [{ table: 'lock', op, name: 'a', writer: '', heartbeat: 'now' }]);
      const emptied = await row(store, 'a');
      expect(emptied).toMatchObject({ writer: '', token: undefined });
      expect(emptied?.age).toBeTypeOf('number');
    });

    it('upserts a row that is not there, and one that is', async ({ store }) => {
      await commit(store, [{ table: 'lock', op: 'upsert', name: 'a', writer: 'one' }]);
      expect(await row(store, 'a')).toMatchObject({ writer: 'one', age: undefined });

      await commit(store, [{ table: 'lock', op: 'upsert', name: 'a', heartbeat: 'now' }]);
      expect(await row(store, 'a')).toMatchObject({ writer: 'one', age: expect.any(Number) });
    });

    it('deletes a row, and one that is not there without a word', async ({ store }) => {
      await commit(store, [lock('a'), lock('b')]);
      await commit(store, [remove('a'), remove('nobody')]);
      expect(await writers(store, ['a', 'b', 'nobody'])).toEqual({ b: 'writer' });

      await commit(store, [lock('a', 'again')]);
      expect(await writers(store, ['a'])).toEqual({ a: 'again' });
    });

    it('counts the age of a heartbeat from its last commit, the same for all', async ({
      store,
      peer,
    }) => {
      await commit(store, [{ table: 'lock', op: 'insert', name: 'a', heartbeat: 'now' }]);
      const young = await ageOf('a', store);
      expect(young).toBeGreaterThan(-100);
      expect(young).toBeLessThan(5_000);
      await vi.waitFor(async () => expect(await ageOf('a', peer)).toBeGreaterThan(young + 60));

      const old = await ageOf('a', store);
      expect(old).toBeGreaterThanOrEqual(young + 60);
      await commit(peer, [update('a', 'someone else')]);
      expect(await ageOf('a', store)).toBeGreaterThanOrEqual(old);
      await commit(peer, [{ table: 'lock', op: 'update', name: 'a', heartbeat: 'now' }]);
      // The time of the call itself belongs to it, so only that it began anew can be said.
      await vi.waitFor(async () => {
        await commit(peer, [{ table: 'lock', op: 'update', name: 'a', heartbeat: 'now' }]);
        expect(await ageOf('a', store)).toBeLessThan(old);
      });
    });

    it('finds rows by name, each once', async ({ store }) => {
      await commit(
        store,
        NEIGHBOURS.map((neighbour) => lock(neighbour, `of ${neighbour}`)),
      );

      const asked = ['job#a', 'job', 'JOB#A', 'nobody', 'job#a', 'job#a\u0000'];
      expect(await writers(store, asked)).toEqual({
        'job#a': 'of job#a',
        job: 'of job',
        'JOB#A': 'of JOB#A',
        'job#a\u0000': 'of job#a\u0000',
      });
      expect(await names(store, { names: asked })).toHaveLength(4);
      expect(await names(store, { names: NEIGHBOURS })).toEqual(NEIGHBOURS.toSorted(byCodePoint));
      expect(await names(store, {})).toEqual([]);
    });

    it('reads exactly the names of a range, its end excluded', async ({ store }) => {
      await commit(
        store,
        NEIGHBOURS.map((neighbour) => lock(neighbour)),
      );

      expect(await names(store, { range: keysBeginningWith('job#') })).toEqual(
        NEIGHBOURS.filter((neighbour) => neighbour.startsWith('job#')).toSorted(byCodePoint),
      );
      expect(await names(store, { range: keysBeginningWith('job#a/') })).toEqual(['job#a/b#']);
      expect(await names(store, { range: { from: 'job#a', to: 'job#a' } })).toEqual([]);
      expect(await names(store, { range: { from: 'job#a', to: 'job#a%' } })).toEqual([
        'job#a',
        'job#a\u0000',
      ]);
      // In UTF-16 order the emoji would come before.
      expect(await names(store, { range: { from: 'job#\ue000', to: 'job#😀' } })).toEqual([
        'job#\uffff',
      ]);
      expect(
        await names(store, { names: ['jobs', 'job#a'], range: { from: 'job#a', to: 'job#a%' } }),
      ).toEqual(['job#a', 'job#a\u0000', 'jobs']);
    });

    it('reads no more of a range than the first so many', async ({ store }) => {
      const inRange = NEIGHBOURS.filter((neighbour) => neighbour.startsWith('job#'));
      const first = inRange.toSorted(byCodePoint).slice(0, 3);
      await commit(store, [
        ...NEIGHBOURS.map((neighbour) => lock(neighbour, `of ${neighbour}`)),
        ...inRange.map((neighbour) => lock(`session/of ${neighbour}`)),
      ]);
      const range = keysBeginningWith('job#');

      expect(await names(store, { range, limit: 3 })).toEqual(first);
      const owned = { names: ['job'], range, limit: 3, owners: 'session/' };
      const owners = first.map((neighbour) => `session/of ${neighbour}`);
      expect(await names(store, owned)).toEqual(['job', ...first, ...owners]);
      const { result } = await transact(store, owned, (rows) => ({ result: rows }));
      expect(result).toHaveLength(7);

      const rest = { from: `${first[2]}\0`, to: range.to };
      expect(await names(store, { range: rest, limit: 1_000 })).toEqual(
        inRange.toSorted(byCodePoint).slice(3),
      );
    });

    it('adds the owners of the rows in the range', async ({ store }) => {
      await commit(store, [
        lock('lock#1', 'alive'),
        lock('lock#2', 'alive'),
        lock('lock#3', 'gone'),
        { table: 'lock', op: 'insert', name: 'lock#4' },
        lock('other#1', 'stranger'),
        lock('sessions/alive', '10000 host:1'),
        lock('sessions/stranger', '10000 host:2'),
        lock('sessions/', 'nobody'),
        lock('alive', 'without the prefix'),
      ]);

      const query = {
        names: ['other#1'],
        range: keysBeginningWith('lock#'),
        owners: 'sessions/',
      };
      const expected = ['lock#1', 'lock#2', 'lock#3', 'lock#4', 'other#1', 'sessions/alive'];
      expect(await names(store, query)).toEqual(expected);
      const { result } = await transact(store, query, (rows) => ({ result: rows }));
      expect(result.map((found) => found.name).toSorted(byCodePoint)).toEqual(expected);
      expect(result.find((found) => found.name === 'sessions/alive')?.writer).toBe('10000 host:1');
    });

    it('keeps any text', async ({ store, peer }) => {
      await commit(
        store,
        TEXTS.map((text) => lock(`n${text}`, text)),
      );
      expect(
        await writers(
          peer,
          TEXTS.map((text) => `n${text}`),
        ),
      ).toEqual(Object.fromEntries(TEXTS.map((text) => [`n${text}`, text])));
    });
  });
}
