import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOST, MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { ModelStore } from '../../test/support/simulated/model.store.js';
import { VirtualTime } from '../../test/support/time/virtual.clock.js';
import { groupLock, type Term } from '../lock/index.js';
import type { Mutation } from '../store/index.js';
import { Sweeper } from './sweeper.js';

const LEASE = 10_000;

describe('the sweeper', () => {
  let rooms: MemberRooms;
  let term: Term;
  /** How many rows each commit deleted. */
  let deletions: number[];

  beforeEach(async () => {
    deletions = [];
    const time = new VirtualTime();
    const count = (mutations: readonly Mutation[]) =>
      void deletions.push(mutations.filter(({ op }) => op === 'delete').length);
    rooms = new MemberRooms({ time, model: new ModelStore({ time, witness: count }) });
    const acquired = await rooms.during(rooms.acquirer.acquire(groupLock('g'), { timeout: 1_000 }));
    if (acquired.kind !== 'acquired') throw new Error('held');
    term = acquired.term;
  });

  afterEach(async () => {
    await rooms.during(rooms.releaser.release(term, 'shutdown'));
    rooms.renewer.stop();
    await rooms.time.advance(LEASE);
  });

  function sweep(): void {
    const { group, store, clock, logger } = rooms;
    new Sweeper({ group, leaseDuration: LEASE, store, clock, logger: logger.asLogger }).began(term);
  }

  /** What a member left that held this many locks and permits when it died. */
  function leave(count: number): void {
    const mutations = [insert('hedge/g/session/dead', `${LEASE} dead:1`)];
    for (let at = 0; at < count; at++) {
      mutations.push(insert(`hedge/g/lock/l${at}`, 'dead:1'));
      mutations.push(insert(`hedge/g/lock/l${at}#t`, 'dead'));
      mutations.push(insert(`hedge/g/semaphore/s${at}/3/t`, 'dead'));
    }
    rooms.model.commit(mutations);
    deletions.length = 0;
  }

  const left = () => rooms.rowNames.filter((name) => !name.startsWith(term.resource.row));

  it('clears away all that a member left, however much, and never much at once', async () => {
    leave(1_700);
    sweep();
    await rooms.time.advance(2 * LEASE + 1_000);

    expect(left()).toEqual([term.session.row]);
    expect(Math.max(...deletions)).toBeLessThanOrEqual(3_000);
    expect(deletions.reduce((sum, count) => sum + count)).toBe(3 * 1_700 + 1);
  });

  it('goes on when the store was away for a moment', async () => {
    leave(3);
    sweep();
    await rooms.time.advance(2 * LEASE - 1);
    rooms.network.usual = LOST;
    await rooms.time.advance(100);
    expect(left().length).toBeGreaterThan(1);

    rooms.network.usual = { there: 1, back: 1 };
    await rooms.time.advance(LEASE);
    expect(left()).toEqual([term.session.row]);
  });

  it('asks nothing any more once the term is over', async () => {
    leave(3);
    sweep();
    await rooms.time.advance(LEASE);
    await rooms.during(rooms.releaser.release(term, 'stepped-down'));
    const { requests } = rooms.network;
    await rooms.time.advance(20 * LEASE);

    expect(rooms.network.requests).toBe(requests);
    expect(left().length).toBeGreaterThan(1);
  });
});

function insert(name: string, writer: string): Mutation {
  return { table: 'lock', op: 'insert', name, writer, token: 'now' };
}
