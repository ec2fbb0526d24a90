import { beforeEach, describe, expect, it } from 'vitest';
import { FAIR, LOST, MemberRooms, REPLY_LOST } from '../../test/support/simulated/member.rooms.js';
import { cronRow, parseCron, type CronState } from '../table/index.js';
import { groupLock, type Term } from '../lock/index.js';
import type { Claim } from './claim.decision.js';
import { CronClaims } from './cron.claims.js';

const CRONS = 40;
const MINUTE = 60_000;
/** Requests of one transaction. */
const READ_AND_COMMIT = 2;

describe('claims of many crons at once', () => {
  let rooms: MemberRooms;
  let claims: CronClaims;
  let term: Term;

  beforeEach(async () => {
    rooms = new MemberRooms();
    const { committer, clock, leaseDuration } = rooms;
    claims = new CronClaims(committer, clock, leaseDuration);
    await lead();
  });

  async function lead(): Promise<void> {
    const { acquirer, group } = rooms;
    const outcome = await rooms.during(acquirer.acquire(groupLock(group), { timeout: 30_000 }));
    if (outcome.kind !== 'acquired') throw new Error('held by another');
    ({ term } = outcome);
  }

  function claimOf(number: number, slot = MINUTE): Claim {
    const { session, token } = term;
    const claim = `${number}@${slot}`;
    const state = { slot, state: 'running', token, claim, member: session.owner.address } as const;
    const row = cronRow(rooms.group, `cron-${number}`);
    return { row, state, catchesUp: false, next: (last) => last + MINUTE };
  }

  const numbers = Array.from({ length: CRONS }, (_, number) => number);
  const claimAll = (slot?: number) =>
    rooms.during(Promise.all(numbers.map((number) => claims.claim(term, claimOf(number, slot)))));

  it('go together while one is under way, each with an answer of its own', async () => {
    await rooms.during(claims.claim(term, claimOf(7)));
    rooms.network.requests = 0;
    const outcomes = await claimAll();
    expect(rooms.network.requests).toBe(2 * READ_AND_COMMIT);
    expect(numbers.filter((number) => !outcomes[number].isOurs)).toEqual([]);

    const again = claims.claim(term, { ...claimOf(7), state: { ...claimOf(7).state, claim: 'x' } });
    await expect(rooms.during(again)).resolves.toMatchObject({ isOurs: false });
    await rooms.during(Promise.all(numbers.map((number) => claims.end(term, claimOf(number)))));
    const states = numbers.map((number) => {
      const row = rooms.model.rows.get(cronRow(rooms.group, `cron-${number}`));
      return (parseCron({ writer: row?.writer }) as CronState).state;
    });
    expect(new Set(states)).toEqual(new Set(['done']));
  });

  it('are each had where the reply to all is lost', async () => {
    rooms.network.next.push(FAIR, FAIR, FAIR, REPLY_LOST);
    const outcomes = await claimAll();
    expect(numbers.filter((number) => !outcomes[number].isOurs)).toEqual([]);
    const later = await claimAll(2 * MINUTE);
    expect(later.every((outcome) => outcome.isOurs && outcome.before?.slot === MINUTE)).toBe(true);
  });

  it('fail together where the store is away, and hold up none that come later', async () => {
    rooms.network.usual = LOST;
    const results = rooms.during(
      Promise.allSettled(numbers.map((number) => claims.claim(term, claimOf(number)))),
    );
    expect((await results).map(({ status }) => status)).toEqual(numbers.map(() => 'rejected'));
    rooms.network.usual = FAIR;
    await rooms.time.advance(rooms.leaseDuration);
    await lead();
    const outcomes = await claimAll(2 * MINUTE);
    expect(outcomes.every(({ isOurs }) => isOurs)).toBe(true);
  });
});
