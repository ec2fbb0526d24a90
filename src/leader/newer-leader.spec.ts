import { describe, expect, it } from 'vitest';
import { MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { HELD_BY_NEWER_ROW, type Term } from '../lock/index.js';
import { Election } from './election.js';
import { ELECTION_FAILED } from './leader.messages.js';
import { LeaderView } from './leader.view.js';

const LOCK = 'hedge/spindle/lockname/g';
const NEWER = 'v2 anything';

describe('a candidate that finds a leader of a newer version', () => {
  it.each([
    ['a fence', [[`${LOCK}#t`, NEWER]]],
    [
      'a session',
      [
        [`${LOCK}#t`, 's'],
        ['hedge/g/session/s', NEWER],
      ],
    ],
    ['the lock', [[LOCK, NEWER]]],
  ])('by the row of %s does not lead, and says so once', async (_, rows) => {
    const rooms = new MemberRooms();
    const { group, address, leaseDuration, store, acquirer, releaser, clock, logger } = rooms;
    for (const [name, writer] of rows) {
      rooms.model.commit([{ table: 'lock', op: 'insert', name, writer, token: 'now' }]);
    }
    const before = new Map(rooms.model.rows);
    const view = new LeaderView(clock);
    const gained: Term[] = [];
    const election = new Election({
      options: { group, id: () => address, leaseDuration, candidate: true, rank: () => 0 },
      store,
      acquirer,
      releaser,
      view,
      clock,
      logger: logger.asLogger,
      listener: {
        gained: (term) => void gained.push(term),
        lost: () => Promise.resolve(),
        released: () => Promise.resolve(),
      },
    });
    election.start();
    await rooms.time.advance(60_000);

    expect(gained).toEqual([]);
    expect(view.current).toBeUndefined();
    const reason = new Error(HELD_BY_NEWER_ROW("the lock 'g'", 2));
    expect(logger.warnings).toEqual([ELECTION_FAILED(reason)]);
    expect(rooms.model.rows).toEqual(before);
    for (const [name] of rows) rooms.model.rows.delete(name);
    await rooms.time.advance(5_000);
    expect(gained).toHaveLength(1);
    await rooms.during(election.stop());
    rooms.renewer.stop();
  });
});
