import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOST, MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { groupLock, type Term } from '../lock/index.js';
import type { LeaderClient, LeaderRequest, LeaderRoutes } from '../request/index.js';
import { LogTrimmer } from './log.trimmer.js';

describe("the leader's part of a trim", () => {
  let rooms: MemberRooms;
  let term: Term;
  /** As a request from another member. */
  let receive: (data: unknown) => Promise<unknown>;

  beforeEach(async () => {
    rooms = new MemberRooms();
    const acquiring = rooms.acquirer.acquire(groupLock('g'), { timeout: 1_000 });
    const outcome = await rooms.during(acquiring);
    if (outcome.kind !== 'acquired') throw new Error('held');
    term = outcome.term;
    const { store, committer, clock } = rooms;
    const client = {} as LeaderClient;
    const times = { requestTimeout: 20_000, retryWindow: 40_000 };
    const trimmer = new LogTrimmer({ store, committer, client, clock, ...times });
    const handleIdempotent: LeaderRoutes['handleIdempotent'] = (_route, handler) => {
      receive = (data) => handler({ data, term, timeout: 20_000 } as LeaderRequest);
    };
    trimmer.register({ handleIdempotent } as LeaderRoutes);
  });

  it.each([undefined, null, 'k', {}, { key: 'k' }, { key: 'k', keep: 1e300 }, { keep: 1 }])(
    'takes no %j',
    async (data) => {
      const { requests } = rooms.network;

      await expect(receive(data)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(rooms.network.requests).toBe(requests);
    },
  );

  it('reads no further once the term is over', async () => {
    const asked = vi.spyOn(rooms.store, 'entries');
    rooms.network.next.push({ there: 1, back: 1 }, LOST);
    const trimmed = expect(receive({ key: 'k', keep: 1 })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    await rooms.time.advance(100);
    term.lost('shutdown');
    await trimmed;
    await rooms.time.advance(20_000);

    expect(asked).toHaveBeenCalledOnce();
  });
});
