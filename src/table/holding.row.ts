import type { LockRow } from '../store/index.js';
import { NewerRow, newerRowOf, type Reading } from './row.format.js';
import { sessionRow } from './session.row.js';

/**
 * @returns the `writer` of a fence or a permit: the id of the session that holds it, as it is. Stores look the session up
 *   by it (`RowQuery.owners`).
 */
export function formatHolding(sessionId: string): string {
  return sessionId;
}

/** Reads the id of the session that holds this fence or permit. */
export function parseHolding(row: Pick<LockRow, 'writer'>): Reading<string> {
  return newerRowOf(row) ?? (row.writer || undefined);
}

/** The row of the session that holds this fence or permit, `undefined` where this version can read none. */
export function ownerRow(group: string, row: Pick<LockRow, 'writer'>): string | undefined {
  const sessionId = parseHolding(row);
  if (sessionId === undefined || sessionId instanceof NewerRow) return undefined;
  return sessionRow(group, sessionId);
}
