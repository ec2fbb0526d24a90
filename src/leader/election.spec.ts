import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOST, MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { StoreError } from '../errors/index.js';
import { groupLock, type Term } from '../lock/index.js';
import type { LossReason } from '../session/index.js';
import { Election, type ElectionListener } from './election.js';
import { ADDRESS_SHARED } from './leader.messages.js';
import { LeaderView } from './leader.view.js';

const LEASE = 10_000;
/** ms until others may take over from a session that was renewed just now. */
const LEASE_FOR_OTHERS = 10_300;

class Recorder implements ElectionListener {
  readonly events: string[] = [];
  /** What the end of a term has to wait for. */
  draining: Promise<void> = Promise.resolve();

  gained(_term: Term): void {
    this.events.push('gained');
  }

  async lost(_term: Term, reason: LossReason): Promise<void> {
    this.events.push(`lost: ${reason}`);
    await this.draining;
  }

  async released(): Promise<void> {
    this.events.push('released');
  }
}

class Candidate {
  readonly view: LeaderView;
  readonly listener = new Recorder();
  readonly election: Election;

  constructor(
    readonly rooms: MemberRooms,
    candidate = true,
    rank = 0,
  ) {
    this.view = new LeaderView(rooms.clock);
    const { view, listener } = this;
    const { group, address, store, acquirer, releaser, clock, logger } = rooms;
    const id = () => address;
    this.election = new Election({
      options: { group, id, leaseDuration: LEASE, candidate, rank: () => rank },
      store,
      acquirer,
      releaser,
      view,
      clock,
      logger: logger.asLogger,
      listener,
      random: () => 0.5,
    });
  }

  get leads(): boolean {
    return this.election.term !== undefined;
  }
}

describe('an election', () => {
  let first: Candidate;
  let second: Candidate;

  const advance = (ms: number) => first.rooms.time.advance(ms);

  beforeEach(() => {
    const rooms = new MemberRooms({ leaseDuration: LEASE });
    first = new Candidate(rooms);
    second = new Candidate(rooms.other('b:1'));
  });

  /** The first leads, the second follows. */
  async function elect(): Promise<Term> {
    first.election.start();
    await advance(20);
    second.election.start();
    await advance(20);
    second.rooms.network.requests = 0;
    return first.election.term!;
  }

  it('is won by the first, and known to both', async () => {
    const { token } = await elect();

    expect(first.leads).toBe(true);
    expect(second.leads).toBe(false);
    expect(first.view.current).toEqual({ id: 'a:1', token });
    expect(second.view.current).toEqual({ id: 'a:1', token });
    expect(first.listener.events).toEqual(['gained']);
  });

  it('has one winner when all begin at once', async () => {
    first.election.start();
    second.election.start();
    await advance(1_000);

    expect([first.leads, second.leads].filter(Boolean)).toHaveLength(1);
  });

  it('lets a follower sleep until the expiry that it was told of', async () => {
    await elect();
    await advance(LEASE_FOR_OTHERS - 50);
    expect(second.rooms.network.requests).toBe(0);

    await advance(100);
    expect(second.rooms.network.requests).toBe(1);
    expect(second.leads).toBe(false);
  });

  it('lets a follower sleep on while the leader tells it to', async () => {
    const { token } = await elect();
    for (let seconds = 0; seconds < 60; seconds++) {
      await advance(1_000);
      second.view.observe({ id: 'a:1', token }, LEASE_FOR_OTHERS);
    }

    expect(second.rooms.network.requests).toBe(0);
  });

  it('has one candidate after the other meet the lock of a leader that is gone, by rank', async () => {
    second = new Candidate(first.rooms.other('b:1'), true, 3);
    const third = new Candidate(first.rooms.other('c:1'), true, 1);
    await elect();
    third.election.start();
    await advance(20);
    first.rooms.clock.kill();
    const looks = () => [second, third].map(({ rooms }) => rooms.network.requests);
    const before = looks();
    await advance(LEASE_FOR_OTHERS - 200);
    expect(looks()).toEqual(before);
    while (looks()[1] === before[1]) await advance(1);
    expect(looks()[0]).toBe(before[0]);
    await advance(24);
    expect(looks()[0]).toBe(before[0]);
    expect(third.leads).toBe(true);
  });

  it('keeps to lease + 0.5 s when the leader and most candidates are gone at once', async () => {
    await elect();
    const others = Array.from({ length: 50 }, (_, rank) => {
      const candidate = new Candidate(first.rooms.other(`c${rank}:1`), true, rank);
      candidate.election.start();
      return candidate;
    });
    await second.rooms.during(second.election.stop());
    await advance(1_000);
    // The moment of the last renewal is the worst to die at.
    const { network } = first.rooms;
    for (const before = network.requests; network.requests === before;) await advance(1);
    for (const { rooms } of [first, ...others.slice(0, 40)]) rooms.clock.kill();
    await advance(LEASE + 500);

    expect(others.filter(({ leads }) => leads)).toHaveLength(1);
  });

  it('goes on once the leader is silent for its lease', async () => {
    await elect();
    first.rooms.clock.kill();
    await advance(LEASE_FOR_OTHERS + 200);

    expect(second.leads).toBe(true);
  });

  it('goes on at once when the leader gives up its term and says so', async () => {
    await elect();
    const stopped = first.election.stop();
    await advance(10);
    second.election.lookNow();
    await advance(100);

    expect(second.leads).toBe(true);
    await first.rooms.during(stopped);
  });

  it('makes no tight loop of a connection that flaps', async () => {
    await elect();
    for (let at = 0; at < 1_000; at++) {
      second.election.lookNow();
      await advance(1);
    }

    expect(second.rooms.network.requests).toBeLessThan(60);
  });

  it('stands back for half a lease, at most two seconds, after stepping down', async () => {
    await elect();
    await first.rooms.during(first.election.stepDown('stepped-down'));
    expect(first.listener.events).toEqual(['gained', 'lost: stepped-down', 'released']);
    await advance(1_500);
    expect(first.leads).toBe(false);

    await advance(2_000);
    expect(first.leads).toBe(true);
  });

  it('is back two seconds after stepping down when no other member is there', async () => {
    const only = new Candidate(new MemberRooms({ leaseDuration: LEASE }));
    only.election.start();
    await only.rooms.time.advance(20);
    await only.rooms.during(only.election.stepDown('stepped-down'));
    await only.rooms.time.advance(2_050);

    expect(only.leads).toBe(true);
    await only.rooms.during(only.election.stop());
  });

  it('gives the lock back only when what ends with the term has ended', async () => {
    const term = await elect();
    const drained = new AbortController();
    first.listener.draining = new Promise((resolve) => {
      drained.signal.addEventListener('abort', () => resolve());
    });
    const steppingDown = first.election.stepDown('stepped-down');
    await advance(500);
    expect(first.leads).toBe(false);
    expect(first.rooms.model.rows.has(term.row)).toBe(true);

    drained.abort();
    await first.rooms.during(steppingDown);
    expect(first.rooms.model.rows.has(term.row)).toBe(false);
  });

  it('waits with every caller that asks to step down', async () => {
    await elect();
    let isReleased = false;
    void first.election.stepDown('stepped-down');
    void first.election.stepDown('stepped-down').then(() => (isReleased = true));
    await advance(0);
    expect(isReleased).toBe(false);

    await advance(10);
    expect(isReleased).toBe(true);
    expect(first.listener.events).toEqual(['gained', 'lost: stepped-down', 'released']);
  });

  it('ends a term when a newer one is proved', async () => {
    const { token } = await elect();
    first.election.superseded(token);
    expect(first.leads).toBe(true);

    first.election.superseded(token + 1n);
    expect(first.leads).toBe(false);
    await advance(10);
    expect(first.listener.events.slice(0, 3)).toEqual(['gained', 'lost: superseded', 'released']);
  });

  it('is not ended twice by the same wrong token', async () => {
    const forged = 10n ** 20n - 1n;
    const only = new Candidate(new MemberRooms({ leaseDuration: LEASE }));
    only.election.start();
    await only.rooms.time.advance(100);
    only.election.superseded(forged);
    expect(only.leads).toBe(false);
    await only.rooms.time.advance(2_000);
    expect(only.leads).toBe(true);

    only.election.superseded(forged);
    expect(only.leads).toBe(true);
    await only.rooms.during(only.election.stop());
  });

  it('tells of an expiry once, and takes part again', async () => {
    await elect();
    first.rooms.network.usual = LOST;
    await advance(LEASE);
    expect(first.listener.events.slice(0, 2)).toEqual(['gained', 'lost: expired']);
    await advance(1_000);
    expect(second.leads).toBe(true);

    first.rooms.network.usual = { there: 1, back: 1 };
    await advance(3_000);
    expect(first.view.current?.id).toBe('b:1');
  });

  it.each(['stepDown', 'stop', 'superseded'] as const)(
    'ends a term once when its expiry and %s come together',
    async (how) => {
      const { token } = await elect();
      first.rooms.network.usual = LOST;
      first.rooms.clock.pause();
      await advance(LEASE);
      first.rooms.clock.resume();
      if (how === 'stepDown') void first.election.stepDown('stepped-down');
      else if (how === 'stop') void first.election.stop();
      else first.election.superseded(token + 1n);
      await advance(5_000);

      expect(first.listener.events.filter((event) => event.startsWith('lost'))).toHaveLength(1);
    },
  );

  it('is left by a member that stops, and its lock is free', async () => {
    await elect();
    await first.rooms.during(first.election.stop());
    first.rooms.renewer.stop();

    expect(first.listener.events).toEqual(['gained', 'lost: shutdown', 'released']);
    expect(first.rooms.rowNames).toEqual([groupLock('g').row]);
    expect(first.rooms.clock.armed).toBe(0);
  });

  it('leaves nothing behind when it stops in the middle of an acquire', async () => {
    for (let at = 0; at < 12; at++) {
      const { rooms, election, leads } = new Candidate(new MemberRooms({ leaseDuration: LEASE }));
      election.start();
      await rooms.time.advance(at);
      await rooms.during(election.stop());
      rooms.renewer.stop();

      expect(leads).toBe(false);
      expect(rooms.rowNames.filter((name) => name !== groupLock('g').row)).toEqual([]);
      expect(rooms.clock.armed).toBe(0);
    }
  });

  it('is watched, never won, by a member that is no candidate', async () => {
    const watcher = new Candidate(first.rooms.other('c:1'), false);
    watcher.election.start();
    await advance(5_000);
    expect(watcher.rooms.network.requests).toBeLessThan(15);
    await elect();
    await advance(LEASE / 4);

    expect(watcher.leads).toBe(false);
    expect(watcher.view.current?.id).toBe('a:1');
  });

  it('finds the same process in a former life, and waits for its end', async () => {
    await elect();
    first.rooms.clock.kill();
    const reborn = new Candidate(first.rooms.other('a:1'));
    await second.rooms.during(second.election.stop());
    reborn.election.start();
    await advance(5_000);
    expect(reborn.leads).toBe(false);
    expect(reborn.view.current).toBeUndefined();

    await advance(LEASE);
    expect(reborn.leads).toBe(true);
    expect(reborn.rooms.logger.warnings).toEqual([]);
  });

  it('says once that another process leads from its own address, and not so of a former life', async () => {
    const namesake = new Candidate(first.rooms.other('a:1'));
    await elect();
    namesake.election.start();
    await advance(LEASE_FOR_OTHERS);
    expect(namesake.rooms.logger.warnings).toEqual([]);

    await advance(3 * LEASE);
    expect(namesake.rooms.logger.warnings).toEqual([ADDRESS_SHARED('a:1')]);
    expect(second.rooms.logger.warnings).toEqual([]);
  });

  it('says once that the store is away, and goes on when it is back', async () => {
    first.rooms.network.usual = { ...LOST, broken: 1 };
    first.election.start();
    await advance(30_000);
    expect(first.rooms.logger.warnings).toHaveLength(1);
    expect(first.rooms.network.requests).toBeLessThan(60);

    first.rooms.network.usual = { there: 1, back: 1 };
    await advance(1_100);
    expect(first.leads).toBe(true);
  });

  it.each(['invalid', 'unavailable'] as const)(
    'says once that the lock can be looked at and not taken: %s',
    async (failure) => {
      const { store, logger } = first.rooms;
      const refuse = () =>
        vi.spyOn(store, 'transact').mockRejectedValue(new StoreError(failure, 'may not write'));
      const refusing = refuse();
      first.election.start();
      await advance(10 * LEASE);
      expect(logger.warnings).toHaveLength(1);

      refusing.mockRestore();
      await advance(LEASE);
      expect(first.leads).toBe(true);
      await first.rooms.during(first.election.stepDown('stepped-down'));
      refuse();
      await advance(10 * LEASE);
      expect(logger.warnings).toHaveLength(2);
    },
  );

  it('says what to mend also when the store was away before', async () => {
    const { store, logger } = first.rooms;
    const look = vi.spyOn(store, 'rows').mockRejectedValue(new StoreError('unavailable', 'away'));
    first.election.start();
    await advance(LEASE);
    look.mockRejectedValue(new StoreError('invalid', 'no table'));
    await advance(LEASE);
    look.mockRejectedValue(new StoreError('unavailable', 'away'));
    await advance(LEASE);

    const said = ['away', 'no table'].map((text) => expect.stringContaining(text));
    expect(logger.warnings).toEqual(said);
  });
});
