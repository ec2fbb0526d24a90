import { keysBeginningWith, type Mutation } from '../store/index.js';
import { GROUP_LOCKS, lockPrefix } from '../table/index.js';
import type { Resource } from './resource.js';

/** The lock whose holder is the group's leader; its row is the Go original's. */
export function groupLock(group: string): Resource {
  return lockResource(group, group, GROUP_LOCKS + group, true);
}

export function namedLock(group: string, name: string): Resource {
  return lockResource(group, name, lockPrefix(group) + name, false);
}

function lockResource(group: string, name: string, row: string, isGroupLock: boolean): Resource {
  // Freedom is judged by the fence alone; the mark on the group's row is for readers outside.
  const left: Mutation = isGroupLock
    ? { table: 'lock', op: 'upsert', name: row, heartbeat: null }
    : { table: 'lock', op: 'delete', name: row };
  return {
    group,
    kind: 'lock',
    name,
    label: `the lock '${name}'`,
    row,
    isGroupLock,
    // Names hold no `#`, so no lock's fences are in another's range.
    fences: keysBeginningWith(`${row}#`),
    fenceRow: (termId) => `${row}#${termId}`,
    freeBeside: (holders) => 1 - holders.length,
    refusal: () => undefined,
    mutationsOnAcquire: (writer) => [
      { table: 'lock', op: 'upsert', name: row, writer, heartbeat: 'now', token: 'now' },
    ],
    mutationsOnRelease: () => [left],
  };
}
