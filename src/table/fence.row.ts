import { keysBeginningWith, type KeyRange } from '../store/index.js';
import { parseLockName } from './lock.row.js';

/** Stands between the name of a lock and the id of the term that holds it. */
const SEPARATOR = '#';

/** The fence row of a term: it stands exactly as long as the term holds the lock. */
export function fenceRow(lockRow: string, termId: string): string {
  return lockRow + SEPARATOR + termId;
}

/** Where a lock's fences stand. Names of locks hold no `#`, so no other lock's fences are there. */
export function fencesOf(lockRow: string): KeyRange {
  return keysBeginningWith(lockRow + SEPARATOR);
}

/** The row of the lock that a fence belongs to, `undefined` for a row that is no fence. */
export function lockOfFence(row: string): string | undefined {
  const end = row.indexOf(SEPARATOR);
  return end < 0 ? undefined : row.slice(0, end);
}

/** A row that {@link parseRowName} found to be a fence of a named lock. */
export interface FenceRowName {
  readonly kind: 'fence';
  /** The lock's name. */
  readonly name: string;
  /** The lock's own row. */
  readonly lockRow: string;
}

export function parseFenceName(group: string, row: string): FenceRowName | undefined {
  const lockRow = lockOfFence(row);
  const lock = lockRow === undefined ? undefined : parseLockName(group, lockRow);
  return lock && { kind: 'fence', name: lock.name, lockRow: lockRow! };
}
