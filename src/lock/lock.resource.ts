import { keysBeginningWith, type Mutation } from '../store/index.js';
import { GROUP_LOCKS, lockPrefix } from '../table/index.js';
import type { Resource } from './resource.js';

/** The lock whose holder leads the group. Its row is the row of the Go original. */
export function groupLock(group: string): Resource {
  return lockResource(group, group, GROUP_LOCKS + group, true);
}

export function namedLock(group: string, name: string): Resource {
  return lockResource(group, name, lockPrefix(group) + name, false);
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
    // Names hold no `#`, so the fences of a lock are in no other lock's range.
    fences: keysBeginningWith(`${row}#`),
    fenceRow: (termId) => `${row}#${termId}`,
    freeBeside: (holders) => 1 - holders.length,
    refusal: () => undefined,
    mutationsOnAcquire: (writer) => [
      { table: 'lock', op: 'upsert', name: row, writer, heartbeat: 'now', token: 'now' },
    ],
    mutationsOnRelease: () => [onRelease],
  };
}
