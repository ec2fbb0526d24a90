import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goldenInsertions, GOLDEN_GROUP } from '../../../test/support/rows/golden.rows.js';
import type { HedgeStore, Mutation } from '../../store/index.js';
import { sqliteStore } from '../../store/sqlite/index.js';
import { surveyedGroup } from './group.survey.js';
import type { GroupStatus } from './group.status.js';
import { statusText } from './status.text.js';
import { StoreReader } from './store.reader.js';

const CALL = { timeout: 5_000 };
const NEWER = 'v2 anything';
const LOCK = 'hedge/spindle/lockname/g';

const SCREEN = { width: undefined, painted: (_style: string, text: string) => text };

function row(name: string, writer: string): Mutation {
  return { table: 'lock', op: 'insert', name, writer, token: 'now' };
}

function shown(status: GroupStatus): string {
  return statusText(SCREEN, 'here', [status], true);
}

describe('a survey of a group', () => {
  let store: HedgeStore;

  beforeEach(async () => {
    store = sqliteStore(':memory:');
    await store.open(CALL);
  });

  afterEach(() => store.close());

  async function surveyed(rows: Mutation[], group = 'g'): Promise<GroupStatus> {
    await store.commit(rows, CALL);
    return surveyedGroup(new StoreReader(store, CALL.timeout), group, 100);
  }

  it('reads the rows of format 1', async () => {
    const status = await surveyed(goldenInsertions(), GOLDEN_GROUP);

    expect(status).toMatchObject({
      leader: { holder: '127.0.0.1:36973', dead: false, newerFormat: null },
      lockRow: { writer: '127.0.0.1:36973', newerFormat: null },
      sessions: { total: 2, dead: 0 },
      locks: { total: 2, dead: 0 },
      permits: { total: 2, dead: 0 },
      crons: { total: 2, rows: [{ state: 'done' }, { state: 'interrupted' }] },
      deadRows: 0,
      otherRows: 0,
    });
    expect(shown(status)).not.toContain('newer');
  });

  it('shows rows of a newer format, and calls none of them dead', async () => {
    const status = await surveyed([
      row('hedge/g/session/s', NEWER),
      row('hedge/g/lock/by fence', 'a:1'),
      row('hedge/g/lock/by fence#t', NEWER),
      row('hedge/g/lock/by session', 'a:1'),
      row('hedge/g/lock/by session#t', 's'),
      row('hedge/g/lock/by itself', NEWER),
      row('hedge/g/semaphore/jobs/3/t', NEWER),
      row('hedge/g/cron/nightly', 'v2 2026-11-23T15:00:00.000Z running 17 claim a:1'),
    ]);

    const newer = { dead: false, newerFormat: 2, holder: null };
    expect(status).toMatchObject({
      sessions: { total: 1, dead: 0, rows: [{ address: null, dead: false, newerFormat: 2 }] },
      locks: { total: 2, dead: 0, rows: [newer, newer] },
      permits: { total: 1, dead: 0, rows: [newer] },
      crons: { total: 1, rows: [{ name: 'nightly', slot: null, state: null, newerFormat: 2 }] },
      deadRows: 0,
      otherRows: 0,
    });
    expect(shown(status).match(/newer format \(2\)$/gm)).toHaveLength(4);
    expect(shown(status)).toMatch(/nightly +\? +newer format \(2\)/);
  });

  it.each([
    ['its fence', [row(LOCK, '10.0.0.1:1'), row(`${LOCK}#t`, NEWER)], '10.0.0.1:1'],
    [
      'its session',
      [row(LOCK, '10.0.0.1:1'), row(`${LOCK}#t`, 's'), row('hedge/g/session/s', NEWER)],
      '10.0.0.1:1',
    ],
    ['the lock', [row(LOCK, NEWER)], '?'],
  ])('shows a leader by a newer format of %s', async (_, rows, holder) => {
    const status = await surveyed(rows);

    expect(shown(status)).toMatch(
      new RegExp(`^Leader +${holder.replace('?', '\\?')}, newer format \\(2\\)$`, 'm'),
    );
    expect(status.deadRows).toBe(0);
  });
});
