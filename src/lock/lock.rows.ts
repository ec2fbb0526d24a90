import { keysBeginningWith, type Mutation } from '../store/index.js';
import type { Place } from './place.js';

/** The lock whose holder is the group's leader; its row is the Go original's. */
export function groupLock(group: string): Place {
  return lockPlace(group, group, `hedge/spindle/lockname/${group}`, true);
}

export function namedLock(group: string, name: string): Place {
  return lockPlace(group, name, lockPrefix(group) + name, false);
}

/** What the rows of a group's named locks and of their fences begin with. */
export function lockPrefix(group: string): string {
  return `hedge/${group}/lock/`;
}

/** What the rows of a group's permits begin with: `{semaphore}/{limit}/{term id}` follows. */
export function permitPrefix(group: string): string {
  return `hedge/${group}/semaphore/`;
}

function lockPlace(group: string, name: string, row: string, isGroupLock: boolean): Place {
  // Freedom is judged by the fence alone; the mark on the group's row is for readers outside.
  const left: Mutation = isGroupLock
    ? { table: 'lock', op: 'upsert', name: row, heartbeat: null }
    : { table: 'lock', op: 'delete', name: row };
  return {
    group,
    label: `the lock '${name}'`,
    row,
    isGroupLock,
    // Names hold no `#`, so no lock's fences are in another's range.
    fences: keysBeginningWith(`${row}#`),
    fenceRow: (termId) => `${row}#${termId}`,
    roomBeside: (holders) => 1 - holders.length,
    refusal: () => undefined,
    taken: (writer) => [
      { table: 'lock', op: 'upsert', name: row, writer, heartbeat: 'now', token: 'now' },
    ],
    left: () => [left],
  };
}
