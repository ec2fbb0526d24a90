import type { Mutation } from '../store/index.js';
import { fenceRow, fencesOf, formatLock, groupLockRow, namedLockRow } from '../table/index.js';
import type { Resource } from './resource.js';

/** The lock whose holder leads the group. Its row is the row of the Go original. */
export function groupLock(group: string): Resource {
  return lockResource(group, group, groupLockRow(group), true);
}

export function namedLock(group: string, name: string): Resource {
  return lockResource(group, name, namedLockRow(group, name), false);
}

function lockResource(group: string, name: string, row: string, isGroupLock: boolean): Resource {
  // Only the fence decides whether a lock is free. The group's row is kept, marked as released, for other programs.
  const onRelease: Mutation = isGroupLock
    ? { table: 'lock', op: 'upsert', name: row, heartbeat: null }
    : { table: 'lock', op: 'delete', name: row };
  return {
    group,
    kind: 'lock',
    name,
    label: `the lock '${name}'`,
    row,
    isGroupLock,
    fences: fencesOf(row),
    fenceRow: (termId) => fenceRow(row, termId),
    freeBeside: (holders) => 1 - holders.length,
    refusal: () => undefined,
    mutationsOnAcquire: (address) => {
      const writer = formatLock(address);
      return [{ table: 'lock', op: 'upsert', name: row, writer, heartbeat: 'now', token: 'now' }];
    },
    mutationsOnRelease: () => [onRelease],
  };
}
