import type { LockRow } from '../store/index.js';
import { groupPrefix } from './group.rows.js';
import { newerRowOf, type Reading } from './row.format.js';

/** The rows of a group's named locks, and of their fences, begin with this. */
export function lockPrefix(group: string): string {
  return `${groupPrefix(group)}lock/`;
}

/** The row of a named lock. A lock's name holds neither `/` nor `#`, so it reaches no other lock's rows. */
export function namedLockRow(group: string, name: string): string {
  return lockPrefix(group) + name;
}

/** A row that {@link parseRowName} found to be a named lock's. */
export interface LockRowName {
  readonly kind: 'lock';
  /** The lock's name. */
  readonly name: string;
}

export function parseLockName(group: string, row: string): LockRowName | undefined {
  const prefix = lockPrefix(group);
  return row.startsWith(prefix) ? { kind: 'lock', name: row.slice(prefix.length) } : undefined;
}

/** @returns the `writer` of a lock's row, of the group lock too: the id of the member that took it last */
export function formatLock(memberId: string): string {
  return memberId;
}

/** Reads the id of the member that took the lock last. */
export function parseLock(row: Pick<LockRow, 'writer'>): Reading<string> {
  return newerRowOf(row) ?? row.writer;
}
