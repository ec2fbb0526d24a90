import { beforeEach, describe, expect, it } from 'vitest';
import { MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { semaphoreResource } from './semaphore.resource.js';

const NEWER = 'v2 anything';

describe('permits of a newer format', () => {
  let rooms: MemberRooms;

  beforeEach(() => {
    rooms = new MemberRooms();
  });

  function insert(name: string, writer: string): void {
    rooms.model.commit([{ table: 'lock', op: 'insert', name, writer, token: 'now' }]);
  }

  const ask = (limit: number) =>
    rooms.during(rooms.acquirer.acquire(semaphoreResource('g', 'jobs', limit), { timeout: 5_000 }));

  it.each([
    ['their own rows', 'hedge/g/semaphore/jobs/3/x', NEWER],
    ['rows whose names this version cannot read', 'hedge/g/semaphore/jobs/x', NEWER],
    ["their sessions' rows", 'hedge/g/semaphore/jobs/3/x', 's'],
  ])('count as taken, by %s', async (_, name, writer) => {
    insert(name, writer);
    insert('hedge/g/session/s', NEWER);
    expect((await ask(3)).kind).toBe('acquired');
    expect((await ask(3)).kind).toBe('acquired');

    expect(await ask(3)).toMatchObject({ kind: 'held', holder: { newerFormat: 2 } });
    expect(rooms.rowNames).toContain(name);
    expect(rooms.rowNames).toContain('hedge/g/session/s');
  });

  it('say nothing of their limit', async () => {
    insert('hedge/g/semaphore/jobs/3/x', NEWER);
    expect((await ask(2)).kind).toBe('acquired');
    expect((await ask(2)).kind).toBe('held');
  });
});
