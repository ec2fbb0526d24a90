import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError, type StoreFailure } from '../../src/errors/index.js';
import { decideClaim, decideEnd, type Claim } from '../../src/schedule/claim.decision.js';
import {
  type EntryQuery,
  type HedgeStore,
  type LockRow,
  type Mutation,
  type RowQuery,
  type StoreCall,
  keysBeginningWith,
} from '../../src/store/index.js';

const CALL: StoreCall = { timeout: 10_000 };

/** How long a call that loses against others is repeated, in ms. */
const PATIENCE = 15_000;

const CRON = 'hedge/g/cron/job';
const FENCE = 'hedge/spindle/lockname/g#1';
const SESSION = 'hedge/g/session/1';
const MINUTE = 60_000;

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

/** Text that stores, drivers and JSON like to damage. */
const TEXTS = [
  '',
  ' ',
  'null',
  'é',
  'e\u0301',
  '👩‍👩‍👧‍👦 😀',
  'مرحبا \u202eabc',
  'a\u0000b',
  '\u0000',
  '\uffff\u{10ffff}',
  'line\nbreak\r\n\t\u2028',
  `quotes ' " \\ \` % _ -- ;`,
  '\ufeffbom',
];

/**
 * What every store has to do.
 *
 * @param makeStore gives an open store over tables of its own that are empty; the suite closes it
 * @param makePeer gives another open store over the tables of that one, as another process has it
 */
export function storeConformance(
  name: string,
  makeStore: () => Promise<HedgeStore>,
  makePeer?: (store: HedgeStore) => Promise<HedgeStore>,
): void {
  describe(name, () => {
    let store: HedgeStore;
    let peer: HedgeStore;

    beforeEach(async () => {
      store = await makeStore();
      peer = makePeer ? await makePeer(store) : store;
    });

    afterEach(async () => {
      await peer.close();
      await store.close();
    });

    describe('commit', () => {
      it('writes all of the mutations', async () => {
        await commit(store, [lock('a', 'one'), lock('b', 'two'), entry('k', '1'), entry('k', '2')]);

        expect(await writers(store, ['a', 'b', 'c'])).toEqual({ a: 'one', b: 'two' });
        expect(await ids(store, 'k')).toEqual(['2', '1']);
      });

      it.each<[string, StoreFailure, Mutation]>([
        ['an update of a row that is not there', 'row-missing', update('nobody')],
        ['an insert of a row that is there', 'row-exists', lock('standing', 'other')],
        ['an entry whose id is there', 'row-exists', entry('k', 'standing')],
      ])('writes nothing with %s', async (_, failure, bad) => {
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

      it('writes nothing when one id comes twice', async () => {
        const twice = [entry('k', 'same'), entry('k', 'other'), entry('k', 'same')];

        expect(await failureOf(() => store.commit(twice, CALL))).toBe('row-exists');
        expect(await ids(store, 'k')).toEqual([]);
      });

      it('keeps entries apart by key and id together', async () => {
        await commit(store, [entry('k', 'same'), entry('l', 'same')]);

        expect(await ids(store, 'k')).toEqual(['same']);
        expect(await ids(store, 'l')).toEqual(['same']);
      });

      it('applies the mutations of one row in their order', async () => {
        await commit(store, [lock('fence', 's'), lock('lock', 's')]);

        await commit(store, [update('fence'), remove('fence'), remove('lock')]);
        expect(await writers(store, ['fence', 'lock'])).toEqual({});

        expect(await failureOf(() => store.commit([update('fence'), remove('fence')], CALL))).toBe(
          'row-missing',
        );
      });

      it('gives timestamps that rise, and stores the very same', async () => {
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

      it('writes nothing once the signal is aborted', async () => {
        const call = { ...CALL, signal: AbortSignal.abort(new Error('enough')) };

        expect(await failureOf(() => store.commit([lock('a'), entry('k', '1')], call))).toBe(
          'given-up',
        );
        expect(await writers(store, ['a'])).toEqual({});
        expect(await ids(store, 'k')).toEqual([]);
      });

      it.each<[string, Mutation]>([
        ['a name', lock('half \ud800')],
        ['a writer', lock('a', '\udc00 half')],
        ['a key', entry('half \ud800', '1')],
        ['a value', entry('k', '1', 'x\ud83dy')],
      ])('refuses half of a surrogate pair in %s', async (_, bad) => {
        expect(await failureOf(() => store.commit([lock('b'), bad], CALL))).toBe('refused');
        expect(await writers(store, ['a', 'b'])).toEqual({});
        expect(await ids(store, 'k')).toEqual([]);
      });

      it('takes a batch of 1,000 entries', async () => {
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

    describe('rows of the lock table', () => {
      it('inserts with null for what is left out', async () => {
        await commit(store, [{ table: 'lock', op: 'insert', name: 'a' }]);
        expect(await row(store, 'a')).toEqual({
          name: 'a',
          writer: undefined,
          token: undefined,
          age: undefined,
        });
      });

      it.each(['update', 'upsert'] as const)('keeps what an %s leaves out', async (op) => {
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

      it('upserts a row that is not there, and one that is', async () => {
        await commit(store, [{ table: 'lock', op: 'upsert', name: 'a', writer: 'one' }]);
        expect(await row(store, 'a')).toMatchObject({ writer: 'one', age: undefined });

        await commit(store, [{ table: 'lock', op: 'upsert', name: 'a', heartbeat: 'now' }]);
        expect(await row(store, 'a')).toMatchObject({ writer: 'one', age: expect.any(Number) });
      });

      it('deletes a row, and one that is not there without a word', async () => {
        await commit(store, [lock('a'), lock('b')]);
        await commit(store, [remove('a'), remove('nobody')]);
        expect(await writers(store, ['a', 'b', 'nobody'])).toEqual({ b: 'writer' });

        await commit(store, [lock('a', 'again')]);
        expect(await writers(store, ['a'])).toEqual({ a: 'again' });
      });

      it('counts the age of a heartbeat from its last commit, the same for all', async () => {
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

      it('finds rows by name, each once', async () => {
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

      it('reads exactly the names of a range, its end excluded', async () => {
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

      it('reads no more of a range than the first so many', async () => {
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

      it('adds the owners of the rows in the range', async () => {
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
        expect(result.find((found) => found.name === 'sessions/alive')?.writer).toBe(
          '10000 host:1',
        );
      });

      it('keeps any text', async () => {
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

    describe('transact', () => {
      it('decides on what it read, and answers what was decided', async () => {
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

      it('writes nothing when nothing is decided', async () => {
        await commit(store, [lock('a', 'one')]);
        const answer = await transact(store, { names: ['a'] }, (rows) => ({ result: rows.length }));

        expect(answer).toEqual({ result: 1, timestamp: undefined });
        expect(await writers(store, ['a'])).toEqual({ a: 'one' });
      });

      it('writes nothing and holds nothing when the decision throws', async () => {
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

      it.each<[StoreFailure, Mutation]>([
        ['row-missing', update('nobody')],
        ['row-exists', lock('a')],
      ])('writes nothing with %s, and holds nothing', async (failure, bad) => {
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

      it('writes nothing once the signal is aborted, before it or while deciding', async () => {
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

      it('counts every one of many concurrent increments', async () => {
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

      it('lets one of many take what a range says is free', async () => {
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, at) => takeLock(`term${at}`, at % 2 === 0 ? store : peer)),
        );

        const won = answers.flatMap(({ result }, at) => (result ? [`lock#term${at}`] : []));
        expect(won).toHaveLength(1);
        expect(await names(store, { range: keysBeginningWith('lock#') })).toEqual(won);
      });
    });

    describe('permits', () => {
      it('are never more than a count of the living among them allows', async () => {
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

      it('leave their session to those that go on', async () => {
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

    describe('slots of a cron', () => {
      beforeEach(() => commit(store, [lock(FENCE), lock(SESSION)]));

      it('are each claimed by one of those that want it at a time', async () => {
        const claims = Array.from({ length: 12 }, (_, at) => claimOf(`${at}`, 1 + (at >> 2)));
        const answers = await Promise.all(
          claims.map((claim, at) => takeSlot(claim, at % 2 === 0 ? store : peer)),
        );

        const had = claims.filter((_, at) => answers[at].result.kind === 'claimed');
        const slots = had.map(({ state }) => state.slot);
        expect(new Set(slots).size).toBe(slots.length);
        expect(slots).toContain(3 * MINUTE);
        expect(answers.filter(({ result }) => result.kind === 'taken')).toHaveLength(
          claims.length - had.length,
        );
      });

      it('are known again by whoever claimed them, and ended once', async () => {
        const claim = claimOf('one', 1);
        const end = () => transact(store, { names: [CRON] }, (rows) => decideEnd(claim, rows));
        expect((await takeSlot(claim, store)).result.kind).toBe('claimed');
        expect(await takeSlot(claim, peer)).toEqual({ result: { kind: 'mine' } });
        expect(await end()).toEqual({ result: true, timestamp: expect.any(BigInt) as bigint });
        expect(await end()).toEqual({ result: true });
        expect((await takeSlot(claimOf('two', 1), peer)).result).toMatchObject({
          kind: 'taken',
          by: { state: 'done', claim: 'one', slot: MINUTE },
        });
        const { result } = await takeSlot(claimOf('two', 2), peer);
        expect(result).toMatchObject({ kind: 'claimed', before: { claim: 'one' } });
        expect(await end()).toEqual({ result: false });
      });

      it.each([FENCE, SESSION])('are nobody’s once %s is gone', async (gone) => {
        await commit(store, [remove(gone)]);
        expect(await failureOf(() => takeSlot(claimOf('one', 1), store))).toBe('row-missing');
        expect(await names(store, { names: [CRON] })).toEqual([]);
      });
    });

    describe('entries of the log', () => {
      it('come by time, then by id, in either order', async () => {
        await commit(store, [entry('k', 'm'), entry('k', 'z'), entry('k', 'a')]);
        await commit(store, [entry('k', 'b'), entry('other', 'x')]);
        await commit(store, [entry('k', 'é'), entry('k', '\uffff'), entry('k', '😀')]);

        const newest = ['😀', '\uffff', 'é', 'b', 'z', 'm', 'a'];
        expect(await ids(store, 'k')).toEqual(newest);
        expect(await ids(store, 'k', { order: 'oldest' })).toEqual(newest.toReversed());
      });

      it('can be limited and paged through', async () => {
        await commit(store, [entry('k', '3'), entry('k', '2'), entry('k', '1')]);
        await commit(store, [entry('k', '4'), entry('k', '5')]);

        expect(await ids(store, 'k', { limit: 1 })).toEqual(['5']);
        expect(await ids(store, 'k', { limit: 2, order: 'oldest' })).toEqual(['1', '2']);
        expect(await ids(store, 'k', { limit: 2, offset: 1 })).toEqual(['4', '3']);
        expect(await ids(store, 'k', { offset: 3 })).toEqual(['2', '1']);
        expect(await ids(store, 'k', { limit: 10, offset: 4, order: 'oldest' })).toEqual(['5']);
        expect(await ids(store, 'k', { limit: 10, offset: 5 })).toEqual([]);
      });

      it('lie strictly before and after', async () => {
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

      it('are those of the key alone', async () => {
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

      it('keep any text, to the last character', async () => {
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

      it('keep a value of 1 MB', async () => {
        const value = `${'0123456789abcde\n'.repeat(65_535)}the end, é😀`;
        await commit(store, [entry('k', '1', value)]);

        const [found] = await entries(peer, { key: 'k', order: 'newest', limit: 1 });
        expect(found?.value === value).toBe(true);
      });

      it('can be listed without their values', async () => {
        const timestamp = await commit(store, [entry('k', '1', 'much'), entry('k', '2', 'more')]);

        expect(await entries(store, { key: 'k', order: 'newest', withoutValues: true })).toEqual([
          { id: '2', key: 'k', value: '', leader: 'leader', timestamp },
          { id: '1', key: 'k', value: '', leader: 'leader', timestamp },
        ]);
      });

      it('are found by a read that may lag, once it may lag no longer', async () => {
        await commit(store, [entry('k', '1')]);
        await vi.waitFor(
          async () => expect(await ids(store, 'k', { maxStaleness: 1 })).toEqual(['1']),
          5_000,
        );
      });

      it('can be deleted, and what is not there too', async () => {
        await commit(store, [entry('k', '1'), entry('k', '2'), entry('l', '1')]);
        await commit(store, [
          { table: 'log', op: 'delete', key: 'k', id: '1' },
          { table: 'log', op: 'delete', key: 'k', id: 'nothing' },
        ]);

        expect(await ids(store, 'k')).toEqual(['2']);
        expect(await ids(store, 'l')).toEqual(['1']);
      });
    });

    describe('outcome', () => {
      it('says which entries and rows stand', async () => {
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

      it('answers nothing to nothing', async () => {
        const nothing = { entries: [], names: [] };
        expect(await repeated(() => store.outcome(nothing, CALL))).toEqual(nothing);
      });

      it('sees both tables at one moment', async () => {
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

    it('sees what its peers wrote at once, whoever wrote', async () => {
      for (let round = 0; round < 5; round++) {
        await commit(store, [entry('k', `${round}a`)]);
        expect((await ids(peer, 'k'))[0]).toBe(`${round}a`);
        await commit(peer, [entry('k', `${round}b`)]);
        expect((await ids(store, 'k'))[0]).toBe(`${round}b`);
      }
    });

    it('puts what is urgent before the calls that wait', async () => {
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

    it('gives up a call at once that waits behind others', async () => {
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

    it('stays whole under a load of reads and writes', async () => {
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

    describe('open and close', () => {
      it('may be opened again, by several at once', async () => {
        await commit(store, [lock('a', 'one')]);
        await Promise.all([store.open(CALL), store.open(CALL)]);
        expect(await writers(store, ['a'])).toEqual({ a: 'one' });
      });

      it('refuses every call once it is closed', async () => {
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

      it('settles the calls it is closed under', async () => {
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
  });
}

function lock(name: string, writer = 'writer'): Mutation {
  return { table: 'lock', op: 'insert', name, writer };
}

function update(name: string, writer = 'updated'): Mutation {
  return { table: 'lock', op: 'update', name, writer };
}

function remove(name: string): Mutation {
  return { table: 'lock', op: 'delete', name };
}

function entry(key: string, id: string, value = 'value') {
  return { table: 'log', op: 'insert', key, id, value, leader: 'leader' } as const;
}

function commit(store: HedgeStore, mutations: readonly Mutation[]): Promise<bigint> {
  return repeated(() => store.commit(mutations, CALL));
}

function transact<T>(
  store: HedgeStore,
  query: RowQuery,
  decide: (rows: readonly LockRow[]) => { result: T; mutations?: readonly Mutation[] },
) {
  return repeated(() =>
    store.transact(query, (rows) => ({ mutations: [], ...decide(rows) }), CALL),
  );
}

async function writeAndDelete(store: HedgeStore, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await commit(store, [lock('fence'), entry('k', 'e')]);
    await commit(store, [remove('fence'), { table: 'log', op: 'delete', key: 'k', id: 'e' }]);
  }
}

function increment(name: string, store: HedgeStore) {
  return transact(store, { names: [name] }, ([counter]) => {
    const next = Number(counter?.writer) + 1;
    return { result: next, mutations: [update(name, String(next))] };
  });
}

function takeLock(term: string, store: HedgeStore) {
  return transact(store, { range: keysBeginningWith('lock#') }, (rows) =>
    rows.length > 0 ? { result: false } : { result: true, mutations: [lock(`lock#${term}`, term)] },
  );
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

/** As a term claims a slot: with its fence and its session, which only the commit checks. */
function takeSlot(claim: Claim, store: HedgeStore) {
  return transact(store, { names: [CRON] }, (rows) => {
    const { result, mutations } = decideClaim(claim, rows);
    const guards = [update(FENCE), update(SESSION)];
    return { result, mutations: mutations.length > 0 ? [...guards, ...mutations] : [] };
  });
}

function claimOf(claim: string, minute: number): Claim {
  const slot = minute * MINUTE;
  const state = { slot, state: 'running', token: 1n, claim, member: 'a:1' } as const;
  return { row: CRON, state, catchesUp: false, next: (last) => last + MINUTE };
}

function entries(store: HedgeStore, query: EntryQuery) {
  return repeated(() => store.entries(query, CALL));
}

async function ids(store: HedgeStore, key: string, query: Partial<EntryQuery> = {}) {
  const found = await entries(store, { key, order: 'newest', ...query });
  return found.map(({ id }) => id);
}

async function values(store: HedgeStore, key: string) {
  const found = await entries(store, { key, order: 'newest' });
  return found.map(({ value }) => value);
}

async function row(store: HedgeStore, name: string): Promise<LockRow | undefined> {
  const [found] = await repeated(() => store.rows({ names: [name] }, CALL));
  return found;
}

async function ageOf(name: string, store: HedgeStore): Promise<number> {
  return (await row(store, name))?.age ?? NaN;
}

async function names(store: HedgeStore, query: RowQuery): Promise<string[]> {
  const found = await repeated(() => store.rows(query, CALL));
  return found.map(({ name }) => name).toSorted(byCodePoint);
}

async function writers(store: HedgeStore, asked: readonly string[]) {
  const found = await repeated(() => store.rows({ names: asked }, CALL));
  return Object.fromEntries(found.map(({ name, writer }) => [name, writer]));
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** `aborted` says "nothing was written, try again": losing against others is nothing to fail a test for. */
async function repeated<T>(attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const lost = error instanceof StoreError && error.failure === 'aborted';
      if (!lost || performance.now() > end) throw error;
    }
    await delay(2 + Math.random() * 30);
  }
}

async function failureOf(attempt: () => Promise<unknown>): Promise<StoreFailure> {
  try {
    await repeated(attempt);
  } catch (error) {
    if (error instanceof StoreError) return error.failure;
    throw error;
  }
  throw new Error('Expected the call to be rejected.');
}
