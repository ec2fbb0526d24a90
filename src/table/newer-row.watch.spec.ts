import { beforeEach, describe, expect, it } from 'vitest';
import { RecordedLogger } from '../../test/support/simulated/member.rooms.js';
import type { LockRow, Mutation } from '../store/index.js';
import { MemoryStore } from '../testing/memory.store.js';
import { MemoryTables } from '../testing/memory.tables.js';
import { NewerRowWatch } from './newer-row.watch.js';
import { NEWER_ROW_FOUND } from './table.messages.js';

const CALL = { timeout: 1_000 };
const NAMES = { names: ['old', 'newer', 'newest'] };

function inserted(name: string, writer: string): Mutation {
  return { table: 'lock', op: 'insert', name, writer };
}

describe("a member's store", () => {
  let watch: NewerRowWatch;
  let logger: RecordedLogger;

  beforeEach(() => {
    logger = new RecordedLogger();
    const store = new MemoryStore(new MemoryTables(() => 1), 'here');
    watch = new NewerRowWatch(store, logger.asLogger);
  });

  const look = () => watch.rows(NAMES, CALL);
  const transact = (decide: (rows: readonly LockRow[]) => void = () => undefined) =>
    watch.transact(NAMES, (rows) => ({ result: decide(rows), mutations: [] }), CALL);

  it.each([
    ['a plain read', look],
    ['a transaction', transact],
  ])('says once that %s met a row of a newer format', async (_, meet) => {
    await watch.commit([inserted('old', '1000 a:1')], CALL);
    await meet();
    expect(logger.warnings).toEqual([]);

    await watch.commit([inserted('newer', 'v2 x'), inserted('newest', 'v3 x')], CALL);
    for (let time = 0; time < 3; time++) await meet();
    expect(logger.warnings).toEqual([NEWER_ROW_FOUND('newer', 2)]);
    expect(logger.warnings[0]).toMatch(
      /"newer" has format 2, .* reads format 1\. .* Update this app/,
    );
  });

  it('is the store behind it in all else', async () => {
    const entry = {
      table: 'log',
      op: 'insert',
      id: '1',
      key: 'k',
      value: 'v',
      leader: 'a',
    } as const;
    await watch.open(CALL);
    await watch.commit([inserted('old', 'w'), entry], CALL);

    expect([watch.description, watch.isEmbedded, watch.identity]).toEqual(['memory', true, 'here']);
    expect(await look()).toMatchObject([{ name: 'old', writer: 'w' }]);
    let seen: readonly LockRow[] = [];
    await transact((rows) => void (seen = rows));
    expect(seen).toMatchObject([{ name: 'old', writer: 'w' }]);
    const query = { key: 'k', order: 'newest' } as const;
    expect(await watch.entries(query, CALL)).toMatchObject([{ id: '1' }]);
    const outcome = { entries: [{ id: '1', key: 'k' }], names: ['old'] };
    expect(await watch.outcome(outcome, CALL)).toMatchObject({ names: ['old'] });
    await watch.close();
    await expect(look()).rejects.toMatchObject({ failure: 'unavailable' });
  });
});
