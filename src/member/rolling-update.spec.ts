import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemberRooms } from '../../test/support/simulated/member.rooms.js';
import {
  GOLDEN_GROUP,
  GOLDEN_ROWS,
  goldenInsertions,
} from '../../test/support/rows/golden.rows.js';
import { Election, LeaderView } from '../leader/index.js';
import { namedLock, type Resource, type Term } from '../lock/index.js';
import { CronClaims } from '../schedule/cron.claims.js';
import { semaphoreResource } from '../semaphore/index.js';
import { Sweeper } from '../sweep/index.js';
import { cronRow } from '../table/index.js';

const GROUP = GOLDEN_GROUP;
/** As in the golden rows. */
const LEASE = 2_000;
const [ONE, OTHER] = ['127.0.0.1:36973', '127.0.0.1:35883'];
const MINUTE = 60_000;
const SLOT = Date.parse('2026-11-30T19:17:15.000Z');
const CALL = { timeout: 1_000 };

const lock = (name: string) => namedLock(GROUP, name);
const permit = (limit = 3) => semaphoreResource(GROUP, 'imports', limit);
const secondAfter = (slot: number) => slot + 1_000;

/** One member, with what its app would do. */
class Member {
  readonly view: LeaderView;
  readonly #election: Election;
  readonly #claims: CronClaims;
  term: Term | undefined;

  constructor(readonly rooms: MemberRooms) {
    const { group, address, store, acquirer, releaser, clock, logger, committer } = rooms;
    this.view = new LeaderView(clock);
    this.#claims = new CronClaims(committer, clock, LEASE);
    const sweeper = new Sweeper({
      group,
      leaseDuration: LEASE,
      store,
      clock,
      logger: logger.asLogger,
    });
    this.#election = new Election({
      options: { group, id: () => address, leaseDuration: LEASE, candidate: true, rank: () => 0 },
      store,
      acquirer,
      releaser,
      view: this.view,
      clock,
      logger: logger.asLogger,
      listener: {
        gained: (term) => {
          this.term = term;
          sweeper.began(term);
        },
        lost: async () => void (this.term = undefined),
        released: () => Promise.resolve(),
      },
    });
  }

  lead(): void {
    this.#election.start();
  }

  take(resource: Resource): Promise<Term | undefined> {
    return this.rooms.during(this.rooms.memberLocks.tryAcquire(resource, CALL));
  }

  claim(name: string, slot: number) {
    const term = this.term!;
    const claim = randomUUID();
    const { address: member } = this.rooms;
    const state = { slot, state: 'running', token: term.token, claim, member } as const;
    const asked = { row: cronRow(GROUP, name), state, catchesUp: false, next: secondAfter };
    const end = () => this.rooms.during(this.#claims.end(term, asked));
    return { outcome: this.rooms.during(this.#claims.claim(term, asked)), end };
  }

  stop(): Promise<void> {
    return this.rooms.during(this.#election.stop());
  }
}

describe('a rolling update', () => {
  let one: Member;

  beforeEach(() => {
    one = new Member(new MemberRooms({ group: GROUP, leaseDuration: LEASE, address: ONE }));
  });

  const wait = (ms: number) => one.rooms.time.advance(ms);

  describe('from rows of format 1, which the version before wrote', () => {
    let next: Member;

    beforeEach(() => {
      next = new Member(one.rooms.other('c:1'));
      next.rooms.model.commit(goldenInsertions());
    });

    it('leaves members of that version what they hold', async () => {
      next.lead();
      await wait(100);

      expect(next.view.current?.id).toBe(ONE);
      expect(await next.take(lock('invoice 7'))).toBeUndefined();
      expect(await next.take(lock('käse 🧀'))).toBeUndefined();
      await expect(next.take(permit(4))).rejects.toMatchObject({
        code: 'LIMIT_MISMATCH',
        message: expect.stringContaining(`${OTHER}, ${ONE}`) as unknown,
      });
      expect(await next.take(permit())).toBeDefined();
      expect(await next.take(permit())).toBeUndefined();
      expect(next.rooms.rowNames).toEqual(
        expect.arrayContaining(GOLDEN_ROWS.map(({ name }) => name)),
      );
    });

    it('takes over when they die, and sweeps their rows away', async () => {
      next.lead();
      await wait(LEASE + 1_000);

      expect(next.term?.isHeld()).toBe(true);
      expect(await next.take(lock('invoice 7'))).toBeDefined();
      for (let taken = 0; taken < 3; taken++) expect(await next.take(permit())).toBeDefined();
      expect(await next.take(permit())).toBeUndefined();
      await wait(2 * LEASE);
      const left = next.rooms.rowNames.filter((name) =>
        GOLDEN_ROWS.some((golden) => golden.name === name),
      );
      expect(left).toEqual([
        'hedge/orders/cron/done',
        'hedge/orders/cron/running',
        'hedge/orders/lock/invoice 7',
        'hedge/spindle/lockname/orders',
      ]);
    });

    it('runs no slot of a cron again, and tells of a run that was cut short', async () => {
      next.lead();
      await wait(LEASE + 1_000);

      expect(await next.claim('running', SLOT).outcome).toMatchObject({ isOurs: false });
      expect(await next.claim('done', SLOT + 4_000).outcome).toMatchObject({ isOurs: false });
      const before = { slot: SLOT, state: 'running', member: ONE };
      expect(await next.claim('running', SLOT + 1_000).outcome).toMatchObject({
        isOurs: true,
        before,
      });
      expect(await next.claim('done', SLOT + 5_000).outcome).toMatchObject({ isOurs: true });
    });
  });

  it('shows members of the version before the rows that they know, byte for byte', async () => {
    const other = new Member(one.rooms.other(OTHER));
    one.lead();
    await wait(100);
    await one.take(lock('invoice 7'));
    await other.take(lock('käse 🧀'));
    await one.take(permit());
    await other.take(permit());
    const done = one.claim('done', SLOT + 4_000);
    await done.outcome;
    await done.end();
    await one.claim('running', SLOT).outcome;

    const rows = [...one.rooms.model.rows].map(([name, row]) =>
      shapeOf(name, row.writer!, row.token !== undefined, row.heartbeat !== undefined),
    );
    const golden = GOLDEN_ROWS.map(({ name, writer, token, hasHeartbeat }) =>
      shapeOf(name, writer, token !== null, hasHeartbeat),
    );
    expect(rows.toSorted()).toEqual(golden.toSorted());
  });

  it('leaves every row of a version to come as it is, and takes what it holds as held', async () => {
    const { model } = one.rooms;
    for (const { name, writer } of GOLDEN_ROWS) {
      const row = { name, writer: `v2 ${writer}`, heartbeat: 'now', token: 'now' } as const;
      model.commit([{ table: 'lock', op: 'insert', ...row }]);
    }
    const before = new Map(model.rows);
    one.lead();
    await wait(10 * MINUTE);

    expect(one.term).toBeUndefined();
    expect(await one.take(lock('invoice 7'))).toBeUndefined();
    expect(await one.take(permit(2))).toBeUndefined();
    expect(model.rows).toEqual(before);

    // That version leads no more, and this one does: it sweeps, and ticks.
    for (const name of model.rows.keys()) if (name.includes('spindle')) model.rows.delete(name);
    await wait(2 * MINUTE);
    expect(one.term?.isHeld()).toBe(true);
    expect(await one.claim('done', SLOT + MINUTE).outcome).toMatchObject({ newerFormat: 2 });
    for (const [name, row] of before) {
      if (!name.includes('spindle')) expect(model.rows.get(name)).toEqual(row);
    }
    await one.stop();
  });
});

/** A row, without the ids and the moments that are others at each run. */
function shapeOf(name: string, writer: string, hasToken: boolean, hasHeartbeat: boolean): string {
  const text = JSON.stringify({ name, writer, hasToken, hasHeartbeat });
  const isUuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
  return text.replaceAll(isUuid, 'UUID').replaceAll(/(done|running) \d+ /g, '$1 TOKEN ');
}
