import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOST, MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { LogReader } from './log.reader.js';

describe('a read of the log', () => {
  let rooms: MemberRooms;
  let reader: LogReader;

  beforeEach(() => {
    rooms = new MemberRooms();
    reader = new LogReader(rooms.store, rooms.clock, 20_000);
  });

  it('ends with its member, even under way', async () => {
    rooms.network.usual = LOST;
    const read = reader.get('k');
    await rooms.time.advance(100);
    reader.close();

    await expect(read).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await rooms.time.advance(20_000);
    expect(rooms.network.requests).toBe(1);
  });

  it('asks for no more staleness than a store can count', async () => {
    const asked = vi.spyOn(rooms.store, 'entries');
    await rooms.during(reader.get('k', { maxStaleness: 1e300 }));

    expect(asked.mock.calls[0][0]).toMatchObject({ maxStaleness: 86_400_000 });
  });
});
