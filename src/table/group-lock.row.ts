import { lockOfFence } from './fence.row.js';

/** The group locks of all groups begin with this, as in the Go original. */
export const GROUP_LOCKS = 'hedge/spindle/lockname/';

/**
 * The row of a group's own lock: its holder leads. The name, and the `writer` ({@link formatLock}), are those of the Go
 * original, which other programs may read.
 */
export function groupLockRow(group: string): string {
  return GROUP_LOCKS + group;
}

/** The group whose lock this row, or its fence, belongs to. */
export function groupOfLock(name: string): string {
  return (lockOfFence(name) ?? name).slice(GROUP_LOCKS.length);
}
