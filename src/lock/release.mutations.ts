import { fenceStands } from '../session/index.js';
import type { Mutation } from '../store/index.js';
import type { Term } from './term.js';

/**
 * Ends a term in the store. It begins by updating the fence row, so that a replay finds nothing and leaves a
 * successor's rows alone.
 */
export function releaseMutations(term: Term): Mutation[] {
  const { lock, session } = term;
  return [
    fenceStands(session, term),
    { table: 'lock', op: 'delete', name: term.row },
    // Freedom is judged by the fence alone; the mark on the group's row is for readers outside.
    lock.isGroupLock
      ? { table: 'lock', op: 'upsert', name: lock.row, heartbeat: null }
      : { table: 'lock', op: 'delete', name: lock.row },
  ];
}
