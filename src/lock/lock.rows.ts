import { keysBeginningWith, type KeyRange } from '../store/index.js';

/** Where one lock lives in the lock table. */
export interface LockPlace {
  /** What users call it; the group's own lock has no name. */
  readonly name: string;
  readonly row: string;
  /** The group's row outlives its terms, marked as expired: programs outside read it. */
  readonly isGroupLock: boolean;
}

/** The lock whose holder is the group's leader; its row is the Go original's. */
export function groupLock(group: string): LockPlace {
  return { name: group, row: `hedge/spindle/lockname/${group}`, isGroupLock: true };
}

export function namedLock(group: string, name: string): LockPlace {
  return { name, row: `hedge/${group}/lock/${name}`, isGroupLock: false };
}

/** All that a group keeps beside its group lock: named locks, sessions, permits. */
export function groupRange(group: string): KeyRange {
  return keysBeginningWith(`hedge/${group}/`);
}

/** Stands exactly as long as the term does. Names hold no `#`, so no lock's fences are in another's range. */
export function fenceRow(lock: LockPlace, termId: string): string {
  return `${lock.row}#${termId}`;
}

export function fenceRange(lock: LockPlace): KeyRange {
  return keysBeginningWith(`${lock.row}#`);
}
