import type { LockRow } from '../store/index.js';
import { sessionRow } from './session.row.js';

/**
 * @returns the `writer` of a fence or a permit: the id of the session that holds it, as it is. Stores look the session up
 *   by it (`RowQuery.owners`).
 */
export function formatHolding(sessionId: string): string {
  return sessionId;
}

/** @returns the id of the session that holds this fence or permit */
export function parseHolding({ writer }: Pick<LockRow, 'writer'>): string | undefined {
  return writer || undefined;
}

/** The row of the session that holds this fence or permit, `undefined` where the row names none. */
export function ownerRow(group: string, row: Pick<LockRow, 'writer'>): string | undefined {
  const sessionId = parseHolding(row);
  return sessionId === undefined ? undefined : sessionRow(group, sessionId);
}
