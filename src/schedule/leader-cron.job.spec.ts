import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  FAIR,
  LOST,
  MemberRooms,
  RecordedLogger,
  REPLY_LOST,
} from '../../test/support/simulated/member.rooms.js';
import { leadershipOf, type InterruptedRun } from '../leader/index.js';
import { cronRow, parseCron, type CronState } from '../table/index.js';
import { groupLock, type Term } from '../lock/index.js';
import { CronClaims } from './cron.claims.js';
import type { CronRun } from './cron.run.js';
import { CronSlots } from './cron.slots.js';
import { LeaderCronJob } from './leader-cron.job.js';
import { CRON_ERROR_UNSPEAKABLE, CRON_ROW_NEWER } from './schedule.messages.js';

const NAME = 'nightly';
const MINUTE = 60_000;
/** Requests of one transaction. */
const READ_AND_COMMIT = 2;

/** One member with one cron of every minute. */
class CronMember {
  term: Term | undefined;
  readonly runs: string[] = [];
  readonly interrupted: InterruptedRun[] = [];
  readonly runErrors = new RecordedLogger();
  readonly job: LeaderCronJob;
  /** What the method does. */
  routine: (run: CronRun) => unknown = () => undefined;

  constructor(
    readonly rooms: MemberRooms,
    catchesUp = false,
  ) {
    const { committer, clock, leaseDuration, logger } = rooms;
    const self = () => this.term;
    this.job = new LeaderCronJob(
      {
        group: rooms.group,
        name: NAME,
        slots: new CronSlots('* * * * *', 'UTC'),
        catchesUp,
        call: (run) => {
          this.runs.push(timeOf(run.slot));
          return this.routine(run);
        },
      },
      {
        work: {
          get term() {
            return self()?.isHeld() ? self() : undefined;
          },
          run: (_term, work) => work(),
        },
        claims: new CronClaims(committer, clock, leaseDuration),
        clock,
        logger: logger.asLogger,
        runLogger: this.runErrors.asLogger,
        leadershipOf: ({ token, signal }) => leadershipOf(token, signal),
        interrupted: (run) => void this.interrupted.push(run),
      },
    );
  }

  async lead(): Promise<this> {
    const { acquirer, group } = this.rooms;
    const lock = groupLock(group);
    const outcome = await this.rooms.during(acquirer.acquire(lock, { timeout: 30_000 }));
    if (outcome.kind !== 'acquired') throw new Error('held by another');
    this.term = outcome.term;
    return this;
  }

  async stepDown(): Promise<void> {
    await this.rooms.during(this.rooms.releaser.release(this.term!, 'stepped-down'));
  }

  async tick(): Promise<void> {
    void this.job.tick();
    await this.rooms.time.advance(10);
  }

  get row() {
    const { model, group } = this.rooms;
    const row = model.rows.get(cronRow(group, NAME));
    return row && (parseCron(row) as CronState | undefined);
  }
}

async function caughtUp(member: CronMember): Promise<string[]> {
  member.job.catchUp();
  await member.rooms.time.advance(10);
  return member.runs;
}

const timeOf = (date: Date) => date.toISOString().slice(11, 16);

describe('a cron of the leader', () => {
  let one: CronMember;
  let other: CronMember;

  beforeEach(async () => {
    const rooms = new MemberRooms();
    other = new CronMember(rooms.other('b:1'));
    one = await new CronMember(rooms).lead();
    await minute(1);
  });

  /** Lets time pass until then, and some more: members tick when they are told to. */
  async function minute(number: number): Promise<void> {
    const { time } = one.rooms;
    await time.advance(number * MINUTE + 1 - time.now);
  }

  it('claims its slot, runs and says so, at two transactions', async () => {
    let running: string | undefined;
    one.routine = () => {
      running = one.row?.state;
    };
    const before = one.rooms.network.requests;
    await one.tick();

    expect(one.runs).toEqual(['00:01']);
    expect(running).toBe('running');
    expect(one.row).toMatchObject({ state: 'done', member: 'a:1', token: one.term!.token });
    expect(one.rooms.network.requests - before).toBe(2 * READ_AND_COMMIT);
    await other.tick();
    expect(other.rooms.network.requests).toBe(0);
    expect(one.rooms.logger.warnings).toEqual([]);
  });

  it('runs a slot once, whoever leads and whatever clocks say', async () => {
    await one.tick();
    await one.tick();
    await one.stepDown();
    await other.lead();
    other.rooms.clock.jumpWall(-500);
    await other.tick();
    other.rooms.clock.jumpWall(500);
    await other.tick();
    expect([one.runs, other.runs]).toEqual([['00:01'], []]);

    await minute(2);
    await other.tick();
    expect(other.runs).toEqual(['00:02']);
    // Set back, it fires again for what has been.
    other.rooms.clock.jumpWall(-MINUTE);
    await other.tick();
    expect(other.runs).toEqual(['00:02']);
  });

  it('leaves a slot to nobody else that a clock in front has had early', async () => {
    await one.stepDown();
    other.rooms.clock.jumpWall(500);
    await other.lead();
    await one.rooms.time.advance(MINUTE - 600 - (one.rooms.time.now % MINUTE));
    await other.tick();
    await one.rooms.time.advance(200);
    await other.tick();
    expect(other.runs).toEqual(['00:01', '00:02']);
    await other.stepDown();
    await one.lead();
    await minute(2);
    await one.tick();
    expect(one.runs).toEqual([]);
    await minute(3);
    await one.tick();
    expect(one.runs).toEqual(['00:03']);
  });

  it('says why it does not run where a clock was far ahead', async () => {
    await one.stepDown();
    other.rooms.clock.jumpWall(24 * 60 * MINUTE);
    await other.lead();
    await other.tick();
    await other.stepDown();
    await one.lead();
    await one.tick();
    await minute(2);
    await one.tick();
    expect([one.runs, other.runs]).toEqual([[], ['00:01']]);
    expect(one.rooms.logger.warnings).toEqual([
      expect.stringMatching(
        /until 2026-11-24T00:01:00.000Z .* b:1 has already run it .* clock .* was ahead/,
      ),
    ]);
  });

  it('skips its slots where its row is of a newer format, and says so once', async () => {
    const { model, group, logger } = one.rooms;
    const name = cronRow(group, NAME);
    model.commit([{ table: 'lock', op: 'insert', name, writer: 'v2 anything' }]);
    for (let number = 1; number <= 3; number++) {
      await minute(number);
      await one.tick();
    }

    expect(one.runs).toEqual([]);
    expect(model.rows.get(name)?.writer).toBe('v2 anything');
    expect(logger.warnings).toEqual([CRON_ROW_NEWER(NAME, '2026-11-23T00:01:00.000Z', 2)]);
  });

  it.each([
    ['the reply to its claim', [FAIR, REPLY_LOST]],
    ['its claim', [FAIR, LOST]],
    ['the reply to its end', [FAIR, FAIR, FAIR, REPLY_LOST]],
  ])('runs once where %s is lost', async (_what, fates) => {
    one.rooms.network.next.push(...fates);
    void one.job.tick();
    await one.rooms.time.advance(6_000);
    expect(one.runs).toEqual(['00:01']);
    expect(one.row?.state).toBe('done');
  });

  it('does not run what it could not claim before its term ended', async () => {
    one.rooms.network.next.push(FAIR, REPLY_LOST);
    one.rooms.network.usual = LOST;
    void one.job.tick();
    await one.rooms.time.advance(2 * one.rooms.leaseDuration);
    expect(one.term!.isHeld()).toBe(false);
    expect(one.row?.state).toBe('running');

    await other.lead();
    await minute(2);
    await other.tick();
    expect([one.runs, other.runs]).toEqual([[], ['00:02']]);
    expect(other.interrupted).toHaveLength(1);
  });

  it('does not run when it is told after a pause that outlived its term', async () => {
    const { clock, time, leaseDuration } = one.rooms;
    void one.job.tick();
    await time.advance(3);
    expect(one.row?.state).toBe('running');
    clock.pause();
    await time.advance(2 * leaseDuration);
    clock.resume();
    await time.advance(10);
    expect(one.runs).toEqual([]);
  });

  it('tells of a run that nobody saw end, when it runs next', async () => {
    one.routine = () => new Promise(() => undefined);
    await one.tick();
    const { token } = one.term!;
    await one.stepDown();
    await other.lead();
    await minute(2);
    other.rooms.network.next.push(FAIR, REPLY_LOST);
    void other.job.tick();
    await other.rooms.time.advance(6_000);

    const slot = new Date(Date.UTC(2026, 10, 23, 0, 1));
    expect(other.runs).toEqual(['00:02']);
    expect(other.interrupted).toEqual([{ name: NAME, slot, member: 'a:1', token }]);
    expect(other.rooms.logger.warnings).toEqual([
      expect.stringMatching(/"nightly" for 2026-11-23T00:01:00.000Z did not end: member a:1/),
    ]);
    await minute(3);
    await other.tick();
    expect(other.interrupted).toHaveLength(1);
  });

  it('does not take for interrupted what ended here while the store was away', async () => {
    one.rooms.network.next.push(FAIR, FAIR);
    one.rooms.network.usual = LOST;
    void one.job.tick();
    await one.rooms.time.advance(2 * one.rooms.leaseDuration);
    one.rooms.network.usual = FAIR;
    expect([one.runs, one.row?.state]).toEqual([['00:01'], 'running']);
    await one.lead();
    await minute(2);
    await one.tick();

    expect(one.runs).toEqual(['00:01', '00:02']);
    expect(one.interrupted).toEqual([]);
  });

  it('logs what a run throws, and goes on', async () => {
    const error = new Error('out of paper');
    one.routine = () => Promise.reject(error);
    await one.tick();
    expect(one.runErrors.warnings).toEqual([error]);
    expect(one.row?.state).toBe('done');
    one.routine = () => {
      throw error;
    };
    await minute(2);
    await one.tick();
    expect(one.runErrors.warnings).toEqual([error, error]);
    expect(one.runs).toEqual(['00:01', '00:02']);
  });

  it('goes on after a run that threw what cannot be logged', async () => {
    vi.spyOn(one.runErrors, 'error').mockImplementation(() => {
      throw new Error('its message has a getter that throws');
    });
    one.routine = () => Promise.reject(new Error('out of paper'));
    await one.tick();
    await minute(2);
    await one.tick();
    expect(one.runs).toEqual(['00:01', '00:02']);
    expect(one.rooms.logger.warnings).toEqual([
      CRON_ERROR_UNSPEAKABLE(NAME),
      CRON_ERROR_UNSPEAKABLE(NAME),
    ]);
  });

  describe('whose run takes longer than to the next slot', () => {
    let finish!: () => void;
    const slowly = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });

    it('is left out until it has ended', async () => {
      one.routine = slowly;
      await one.tick();
      await minute(2);
      await one.tick();
      expect(one.runs).toEqual(['00:01']);
      finish();
      await one.rooms.time.advance(10);
      expect(one.runs).toEqual(['00:01']);
      await minute(3);
      await one.tick();
      expect(one.runs).toEqual(['00:01', '00:03']);
      expect(one.rooms.logger.warnings).toEqual([]);
    });

    it('does not begin beside one that has not listened when its term ended', async () => {
      one.routine = slowly;
      await one.tick();
      await one.stepDown();
      await one.lead();
      await minute(2);
      await one.tick();
      expect(one.runs).toEqual(['00:01']);
      expect(one.rooms.logger.warnings).toEqual([
        expect.stringContaining('is still in progress on this member'),
      ]);
    });

    it('runs once more with catchUp: once, for the newest', async () => {
      await one.stepDown();
      one = await new CronMember(one.rooms, true).lead();
      one.routine = slowly;
      await one.tick();
      await minute(4);
      await one.tick();
      expect(one.runs).toEqual(['00:01']);
      finish();
      await one.rooms.time.advance(10);
      expect(one.runs).toEqual(['00:01', '00:04']);
      finish();
      await one.rooms.time.advance(10);
      expect(one.runs).toEqual(['00:01', '00:04']);
    });
  });

  describe('with catchUp: once', () => {
    beforeEach(async () => {
      await one.stepDown();
      one = await new CronMember(one.rooms, true).lead();
      other = new CronMember(other.rooms, true);
    });

    it('runs once for all that came while nobody led', async () => {
      await one.tick();
      await one.stepDown();
      await minute(5);
      await other.lead();
      expect(await caughtUp(other)).toEqual(['00:05']);
      expect(await caughtUp(other)).toEqual(['00:05']);
    });

    it('runs for nothing where nothing was missed, or it is new', async () => {
      expect(await caughtUp(one)).toEqual([]);
      expect(one.row).toMatchObject({ state: 'done', member: 'a:1' });
      await one.stepDown();
      await other.lead();
      expect(await caughtUp(other)).toEqual([]);
      await other.stepDown();
      await minute(2);
      await one.lead();
      expect(await caughtUp(one)).toEqual(['00:02']);
    });

    it('is not one that catches up without', async () => {
      await one.tick();
      await minute(5);
      const skipping = new CronMember(one.rooms);
      skipping.term = one.term;
      expect(await caughtUp(skipping)).toEqual([]);
    });
  });
});
