import { beforeEach, describe, expect, it } from 'vitest';
import { LOST, MemberRooms, REPLY_LOST } from '../../test/support/simulated/member.rooms.js';
import { StoreError, type StoreFailure } from '../errors/index.js';
import { groupLock, namedLock, type Resource, type Term } from '../lock/index.js';
import { FencedCommitter } from '../session/index.js';
import type { HedgeStore, Mutation } from '../store/index.js';
import { BoundTerms } from './bound.terms.js';
import { CommitOutcomes } from './commit.outcomes.js';
import { GroupCommit } from './group.commit.js';

const TIMEOUT = 20_000;

describe.each([
  { whose: "a leader's term", locks: [groupLock('g')], code: 'NOT_LEADER' },
  { whose: "a lock's term", locks: [namedLock('g', 'x')], code: 'LOCK_LOST' },
  {
    whose: "a lock's term and a leader's",
    locks: [namedLock('g', 'x'), groupLock('g')],
    code: 'LOCK_LOST',
  },
])('the writer of $whose', ({ locks, code }) => {
  let rooms: MemberRooms;
  let term: Term;
  let writer: GroupCommit;
  let outcomes: CommitOutcomes;
  /** The ids of each batch that was sent. */
  let batches: string[][];
  /** What a batch fails with instead of being sent. */
  let failureOf: (ids: string[]) => StoreFailure | undefined;

  beforeEach(async () => {
    rooms = new MemberRooms();
    batches = [];
    failureOf = () => undefined;
    const terms: Term[] = [];
    for (const lock of locks) terms.push(await acquire(lock));
    term = terms[0];
    const { keeper, clock, store, leaseDuration, reports } = rooms;
    const committer = new FencedCommitter(keeper, watched(store), clock);
    outcomes = new CommitOutcomes(keeper, store, clock);
    const parts = { committer, outcomes, clock, leaseDuration, reports };
    writer = new GroupCommit(new BoundTerms(terms as [Term]), parts);
  });

  async function acquire(lock: Resource): Promise<Term> {
    const outcome = await rooms.during(rooms.acquirer.acquire(lock, { timeout: 1_000 }));
    if (outcome.kind !== 'acquired') throw new Error('held');
    return outcome.term;
  }

  function watched(store: HedgeStore): HedgeStore {
    const commit: HedgeStore['commit'] = async (mutations, call) => {
      const ids = idsOf(mutations);
      batches.push(ids);
      const failure = failureOf(ids);
      if (failure) throw new StoreError(failure, failure);
      return store.commit(mutations, call);
    };
    return { commit } as Partial<HedgeStore> as HedgeStore;
  }

  const append = (id: string, timeout = TIMEOUT, over?: AbortSignal) =>
    writer.append({ id, key: 'k', value: `value of ${id}` }, timeout, over);

  const inLog = () => rooms.model.entries({ key: 'k', order: 'oldest' }).map(({ id }) => id);

  /** Ends the term in the store alone, as a take-over does. */
  function takeOver(): void {
    rooms.model.commit(
      [term.row, term.session.row].map((name) => ({ table: 'lock', op: 'delete', name })),
    );
  }

  it('writes an entry, and answers with the time of its commit', async () => {
    const timestamp = await rooms.during(append('1'));

    expect(rooms.model.entries({ key: 'k', order: 'oldest' })).toEqual([
      { id: '1', key: 'k', value: 'value of 1', leader: 'a:1', timestamp },
    ]);
  });

  it('writes entries that come together in one commit', async () => {
    const timestamps = await rooms.during(Promise.all(['1', '2', '3'].map((id) => append(id))));

    expect(batches).toEqual([['1', '2', '3']]);
    expect(new Set(timestamps).size).toBe(1);
  });

  it('gathers entries that come while a commit is under way', async () => {
    const first = append('1');
    await rooms.time.advance(0);
    const others = ['2', '3'].map((id) => append(id));
    await rooms.during(Promise.all([first, ...others]));

    expect(batches).toEqual([['1'], ['2', '3']]);
  });

  it('writes an entry that is put right after an answer', async () => {
    for (let hops = 0; hops < 8; hops++) {
      const first = append(`a${hops}`);
      const second = first.then(async () => {
        for (let hop = 0; hop < hops; hop++) await Promise.resolve();
        return append(`b${hops}`);
      });
      await rooms.during(second);
    }

    expect(inLog()).toHaveLength(16);
  });

  it('renews the session with each commit', async () => {
    await rooms.time.advance(2_000);
    const before = term.session.remaining();
    await rooms.during(append('1'));

    expect(term.session.remaining()).toBeGreaterThan(before + 1_900);
  });

  it('writes an entry once that is put twice', async () => {
    const [one, two] = await rooms.during(Promise.all([append('1'), append('1')]));

    expect(one).toBe(two);
    expect(batches).toEqual([['1']]);
  });

  it('waits with a retry for as long as the retry does', async () => {
    rooms.network.next.push(LOST);
    const first = append('1', 100);
    void append('1', TIMEOUT);

    await expect(rooms.during(first)).resolves.toBeTypeOf('bigint');
  });

  it('acknowledges the retry of a written entry with the time in the log', async () => {
    const timestamp = await rooms.during(append('1'));

    expect(await rooms.during(append('1'))).toBe(timestamp);
    expect(inLog()).toEqual(['1']);
  });

  it('sends the others again when one of them is in the log already', async () => {
    await rooms.during(append('1'));
    batches.length = 0;
    await rooms.during(Promise.all(['0', '1', '2'].map((id) => append(id))));

    expect(batches).toEqual([
      ['0', '1', '2'],
      ['0', '2'],
    ]);
    expect(inLog()).toEqual(['1', '0', '2']);
  });

  it('finds out the outcome of a commit whose answer was lost', async () => {
    rooms.network.next.push(REPLY_LOST);
    await rooms.during(append('1'));

    expect(batches).toEqual([['1']]);
    expect(inLog()).toEqual(['1']);
  });

  it('meets itself when a commit arrives late', async () => {
    rooms.network.next.push({ there: 5_300, back: 1 });
    await rooms.during(append('1'));
    await rooms.time.advance(10_000);

    expect(inLog()).toEqual(['1']);
  });

  it('repeats a commit that lost a race', async () => {
    let races = 3;
    failureOf = () => (races-- > 0 ? 'aborted' : undefined);
    await rooms.during(append('1'));

    expect(batches).toHaveLength(4);
  });

  it('rejects only the entry that the store never takes', async () => {
    failureOf = (ids) => (ids.includes('bad') ? 'refused' : undefined);
    const ids = ['1', '2', 'bad', '3', '4', '5'];
    const answers = await rooms.during(Promise.all(ids.map((id) => rejection(append(id)))));

    expect(answers).toEqual(ids.map((id) => (id === 'bad' ? 'STORE_INVALID' : 'written')));
    expect(inLog().toSorted()).toEqual(['1', '2', '3', '4', '5']);
  });

  it('rejects entries that were never sent when the store has to be repaired', async () => {
    failureOf = () => 'invalid';

    expect(await rooms.during(rejection(append('1')))).toBe('STORE_INVALID');
  });

  it('says "not written" when it finds that its term was taken over', async () => {
    takeOver();

    expect(await rooms.during(rejection(append('1')))).toBe(code);
    expect(term.isHeld()).toBe(false);
    expect(inLog()).toEqual([]);
  });

  it('does not take another missing row for the end of its term', async () => {
    let failures = 2;
    failureOf = () => (failures-- > 0 ? 'row-missing' : undefined);
    await rooms.during(append('1'));

    expect(term.isHeld()).toBe(true);
  });

  it('sends nothing after its term', async () => {
    const put = rejection(append('1'));
    term.lost('stepped-down');

    expect(await rooms.during(put)).toBe(code);
    expect(await rejection(append('2'))).toBe(code);
    expect(batches).toEqual([]);
  });

  it('does not say "not written" while a late commit may still land', async () => {
    rooms.network.next.push({ there: 6_000, back: 1 });
    const put = rejection(append('1'));
    await rooms.time.advance(1);
    term.lost('stepped-down');
    const answer = await rooms.during(put);

    expect(answer).toBe('written');
    expect(inLog()).toEqual(['1']);
  });

  it('says so once its fence is gone and the entry is not there', async () => {
    rooms.network.next.push({ there: 8_000, back: 1 });
    const put = rejection(append('1'));
    await rooms.time.advance(1);
    await rooms.during(rooms.releaser.release(term, 'stepped-down'));

    expect(await rooms.during(put)).toBe(code);
    await rooms.time.advance(10_000);
    expect(inLog()).toEqual([]);
  });

  it.each([
    { fate: 'in time', there: 1, back: 1 },
    { fate: 'as late as the release', there: 2, back: 1 },
    { fate: 'after the release', there: 50, back: 1 },
    { fate: 'in time, and the answer is lost', there: 1, back: undefined },
    { fate: 'never', there: undefined, back: undefined },
  ])('lands before a release that follows at once, or not at all: $fate', async (fate) => {
    rooms.network.next.push(fate);
    const put = rejection(append('1'));
    await rooms.time.advance(0);
    const unsent = rejection(append('2'));
    await rooms.during(rooms.releaser.release(term, 'released'));
    const landed = inLog();

    expect(await rooms.during(put)).toBe(landed.includes('1') ? 'written' : code);
    expect(await rooms.during(unsent)).toBe(code);
    await rooms.time.advance(30_000);
    expect(inLog()).toEqual(landed);
    expect(landed).not.toContain('2');
  });

  it('leaves the outcome open when the store does not tell it in time', async () => {
    rooms.network.usual = LOST;

    expect(await rooms.during(rejection(append('1', 3_000)))).toBe('CONNECTION_LOST');
  });

  it('drops entries for which no caller waits any more', async () => {
    rooms.network.next.push({ there: 200, back: 200 });
    const first = append('1');
    await rooms.time.advance(0);
    const late = rejection(append('2', 100));
    await rooms.during(first);

    expect(await rooms.during(late)).toBe('TIMEOUT');
    await rooms.time.advance(1_000);
    expect(inLog()).toEqual(['1']);
  });

  it('never sends an entry whose caller gave up while it waited', async () => {
    const over = new AbortController();
    const first = append('1');
    await rooms.time.advance(0);
    const second = rejection(append('2', TIMEOUT, over.signal));
    over.abort();
    await rooms.during(Promise.all([first, second]));

    expect(batches).toEqual([['1']]);
  });

  it('leaves the outcome open when the member shuts down', async () => {
    rooms.network.next.push({ there: 20_000, back: 1 });
    const put = rejection(append('1'));
    await rooms.time.advance(1);
    term.lost('shutdown');
    rooms.network.usual = LOST;
    await rooms.time.advance(5_100);
    const { requests } = rooms.network;
    outcomes.close();
    await rooms.time.advance(0);

    expect(requests).toBeGreaterThan(2);
    expect(rooms.network.requests).toBe(requests);
    expect(await put).toBe('CONNECTION_LOST');
  });

  it('resolves when the commit under way has ended', async () => {
    const put = append('1');
    await rooms.time.advance(0);
    await rooms.during(writer.lastCommit());

    expect(inLog()).toEqual(['1']);
    await put;
  });
});

/** The code it was rejected with, or that it was written. */
function rejection(put: Promise<bigint>): Promise<string> {
  return put.then(
    () => 'written',
    (error: { code: string }) => error.code,
  );
}

function idsOf(mutations: readonly Mutation[]): string[] {
  return mutations.flatMap((mutation) => (mutation.table === 'log' ? [mutation.id] : []));
}
