import { describe, expect, it } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { SessionKeeper } from '../session/index.js';
import type { LockRow } from '../store/index.js';
import { acquireQuery, decideAcquire } from './acquire.decision.js';
import { groupLock, namedLock } from './lock.resource.js';
import type { Resource } from './resource.js';
import { Term } from './term.js';

const LEASE = 1_000;
/** Past the lease and its margin of 300 ms. */
const DEAD = 1_301;

function makeTerm(lock: Resource = namedLock('g', 'job')) {
  const clock = new VirtualClock(new VirtualTime());
  const keeper = new SessionKeeper(clock, {
    group: 'g',
    leaseDuration: LEASE,
    address: () => 'me:1',
  });
  const term = new Term(lock, keeper.open());
  const stand = () => keeper.renewed(term.session, clock.now());
  return { term, stand };
}

function fence(term: Term, id: string, owner: string): LockRow {
  return { name: `${term.resource.row}#${id}`, writer: owner, token: 5n, age: undefined };
}

function session(id: string, age: number | undefined, writer = `${LEASE} other:1`): LockRow {
  return { name: `hedge/g/session/${id}`, writer, token: undefined, age };
}

function own(term: Term, age = 0): LockRow {
  return session(term.session.id, age, `${LEASE} me:1`);
}

function written(decision: ReturnType<typeof decideAcquire>): string[] {
  return decision.mutations.map(
    (mutation) => `${mutation.op} ${mutation.table === 'lock' && mutation.name}`,
  );
}

describe('an acquire', () => {
  it('sees the lock, all of its fences, the sessions behind them and its own', () => {
    const { term } = makeTerm();

    expect(acquireQuery(term)).toEqual({
      names: [term.resource.row, term.session.row],
      range: { from: `${term.resource.row}#`, to: `${term.resource.row}$` },
      owners: 'hedge/g/session/',
    });
  });

  it('takes a lock that was never held, and begins its session', () => {
    const { term } = makeTerm();
    const decision = decideAcquire(term, []);

    expect(decision.result).toEqual({ kind: 'acquired', busyFor: LEASE + 300 });
    expect(written(decision)).toEqual([
      `upsert ${term.resource.row}`,
      `insert ${term.row}`,
      `insert ${term.session.row}`,
    ]);
  });

  it('takes another lock under a session that stands', () => {
    const { term, stand } = makeTerm();
    stand();

    expect(written(decideAcquire(term, [own(term)]))).toContain(`update ${term.session.row}`);
  });

  it('lets the row of the lock alone decide nothing', () => {
    const { term } = makeTerm();
    const row = { name: term.resource.row, writer: 'other:1', token: 5n, age: 0 };

    expect(decideAcquire(term, [row]).result.kind).toBe('acquired');
  });

  it('finds the lock held by a living session, and writes nothing', () => {
    const { term } = makeTerm();
    const decision = decideAcquire(term, [fence(term, 'x', 's'), session('s', 400)]);

    expect(decision).toEqual({
      result: {
        kind: 'held',
        holder: {
          address: 'other:1',
          token: 5n,
          sessionId: 's',
          fenceRow: `${term.resource.row}#x`,
          remaining: DEAD - 1 - 400,
        },
      },
      mutations: [],
    });
  });

  it("judges a session by its own lease, not by the reader's", () => {
    const { term } = makeTerm();
    const rows = [fence(term, 'x', 's'), session('s', 9_000, '10000 other:1')];

    expect(decideAcquire(term, rows).result.kind).toBe('held');
  });

  it.each<[string, (term: Term) => LockRow[]]>([
    ['dead', (term) => [fence(term, 'x', 's'), session('s', DEAD)]],
    ['gone', (term) => [fence(term, 'x', 's')]],
    ['from before the machine started', (term) => [fence(term, 'x', 's'), session('s', Infinity)]],
    ['without a heartbeat', (term) => [fence(term, 'x', 's'), session('s', undefined)]],
    ['not readable', (term) => [fence(term, 'x', 's'), session('s', 0, 'nonsense')]],
  ])('takes over from a session that is %s, and clears it away', (_, rowsOf) => {
    const { term } = makeTerm();
    const decision = decideAcquire(term, rowsOf(term));

    expect(decision.result.kind).toBe('acquired');
    expect(written(decision)).toEqual(
      expect.arrayContaining([`delete ${term.resource.row}#x`, 'delete hedge/g/session/s']),
    );
  });

  it('clears nothing away while one of two fences is alive', () => {
    const { term } = makeTerm();
    const rows = [fence(term, 'x', 's'), fence(term, 'y', 't'), session('t', 0)];

    expect(decideAcquire(term, rows)).toMatchObject({
      result: { kind: 'held' },
      mutations: [],
    });
  });

  it('never deletes its own session with a dead fence of it', () => {
    const { term, stand } = makeTerm();
    stand();
    const decision = decideAcquire(term, [fence(term, 'x', term.session.id), own(term, DEAD)]);

    expect(written(decision)).toContain(`delete ${term.resource.row}#x`);
    expect(written(decision)).not.toContain(`delete ${term.session.row}`);
    expect(written(decision)).toContain(`update ${term.session.row}`);
  });

  it('finds what an earlier attempt of it wrote, and extends nothing', () => {
    const { term } = makeTerm();
    const decision = decideAcquire(term, [fence(term, term.id, term.session.id), own(term)]);

    expect(decision).toEqual({
      result: { kind: 'mine', token: 5n, busyFor: LEASE + 300 },
      mutations: [],
    });
  });

  it('does not call a term its own whose session others have ended', () => {
    const { term } = makeTerm();
    const rows = [fence(term, term.id, term.session.id)];

    expect(decideAcquire(term, rows)).toEqual({
      result: { kind: 'session-gone' },
      mutations: [],
    });
  });

  it('never writes a session again that stood and is gone', () => {
    const { term, stand } = makeTerm();
    stand();

    expect(decideAcquire(term, [])).toEqual({
      result: { kind: 'session-gone' },
      mutations: [],
    });
  });

  it("stays in its lock's rows when names resemble each other", () => {
    const { term } = makeTerm(namedLock('g', 'a'));
    const other = makeTerm(namedLock('g', 'a_')).term;
    const rows = [fence(other, 'x', 's'), session('s', DEAD)];

    expect(written(decideAcquire(term, rows))).not.toContain(`delete ${other.resource.row}#x`);
  });

  it("keeps the group's lock where programs outside look for it", () => {
    const { term } = makeTerm(groupLock('g'));

    expect(decideAcquire(term, []).mutations[0]).toEqual({
      table: 'lock',
      op: 'upsert',
      name: 'hedge/spindle/lockname/g',
      writer: 'me:1',
      heartbeat: 'now',
      token: 'now',
    });
  });
});
