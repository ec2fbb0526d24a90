import { describe, expect, it } from 'vitest';
import {
  GOLDEN_GROUP as GROUP,
  GOLDEN_ROWS,
  type GoldenRow,
} from '../../test/support/rows/golden.rows.js';
import { cronRow, formatCron, parseCron } from './cron.row.js';
import { fenceRow, lockOfFence } from './fence.row.js';
import { groupLockRow, groupOfLock } from './group-lock.row.js';
import { groupOfRow } from './group.rows.js';
import { formatHolding, parseHolding } from './holding.row.js';
import { formatLock, namedLockRow, parseLock } from './lock.row.js';
import { permitRow, semaphoreName } from './permit.row.js';
import { parseRowName } from './row.name.js';
import { formatSession, parseSession, sessionRow } from './session.row.js';

/** The name and the `writer` that this version gives the row. */
function written(row: GoldenRow): { name: string; writer: string } {
  switch (row.kind) {
    case 'group-lock':
      return { name: groupLockRow(GROUP), writer: formatLock(row.says.address) };
    case 'group-fence': {
      const { termId, sessionId } = row.says;
      return { name: fenceRow(groupLockRow(GROUP), termId), writer: formatHolding(sessionId) };
    }
    case 'session':
      return { name: sessionRow(GROUP, row.says.id), writer: formatSession(row.says) };
    case 'lock':
      return { name: namedLockRow(GROUP, row.says.name), writer: formatLock(row.says.address) };
    case 'fence': {
      const { name, termId, sessionId } = row.says;
      return {
        name: fenceRow(namedLockRow(GROUP, name), termId),
        writer: formatHolding(sessionId),
      };
    }
    case 'permit': {
      const { name, limit, termId, sessionId } = row.says;
      return {
        name: permitRow(semaphoreName(GROUP, name, limit), termId),
        writer: formatHolding(sessionId),
      };
    }
    case 'cron': {
      const { name, token, ...state } = row.says;
      return { name: cronRow(GROUP, name), writer: formatCron({ ...state, token: BigInt(token) }) };
    }
  }
}

/** What this version reads in the row. */
function read({ kind, name, writer }: GoldenRow): object {
  const named = parseRowName(GROUP, name);
  switch (kind) {
    case 'group-lock':
      return { group: groupOfLock(name), address: parseLock({ writer }) };
    case 'group-fence':
      return {
        group: groupOfLock(name),
        lock: lockOfFence(name),
        sessionId: parseHolding({ writer }),
      };
    case 'session':
      return { ...named, owner: parseSession({ writer }) };
    case 'lock':
      return { ...named, address: parseLock({ writer }) };
    case 'fence':
    case 'permit':
      return { ...named, sessionId: parseHolding({ writer }) };
    case 'cron':
      return { ...named, state: parseCron({ writer }) };
  }
}

/** What this version has to read in it. */
function said(row: GoldenRow): object {
  switch (row.kind) {
    case 'group-lock':
      return { group: GROUP, ...row.says };
    case 'group-fence': {
      const { sessionId } = row.says;
      return { group: GROUP, lock: 'hedge/spindle/lockname/orders', sessionId };
    }
    case 'fence': {
      const { name, sessionId } = row.says;
      return { kind: 'fence', name, lockRow: `hedge/orders/lock/${name}`, sessionId };
    }
    case 'permit': {
      const { name, limit, sessionId } = row.says;
      return { kind: 'permit', name, limit, sessionId };
    }
    case 'session': {
      const { id, ...owner } = row.says;
      return { kind: 'session', id, owner };
    }
    case 'cron': {
      const { name, token, ...state } = row.says;
      return { kind: 'cron', name, state: { ...state, token: BigInt(token) } };
    }
    case 'lock':
      return { kind: row.kind, ...row.says };
  }
}

describe('the rows of format 1', () => {
  it('are of every kind', () => {
    expect(new Set(GOLDEN_ROWS.map(({ kind }) => kind)).size).toBe(7);
  });

  it.each(GOLDEN_ROWS)('are written as they were, byte for byte: $name', (row) => {
    const { name, writer } = row;
    expect(written(row)).toEqual({ name, writer });
  });

  it.each(GOLDEN_ROWS)('are read as they were meant: $name', (row) => {
    expect(read(row)).toEqual(said(row));
  });

  it.each(GOLDEN_ROWS)('are found with their group: $name', ({ kind, name }) => {
    const isGroupLock = kind === 'group-lock' || kind === 'group-fence';
    expect(groupOfRow(name)).toBe(isGroupLock ? 'spindle' : GROUP);
    expect(parseRowName(GROUP, name) === undefined).toBe(isGroupLock);
    expect(parseRowName('other', name)).toBeUndefined();
  });
});
