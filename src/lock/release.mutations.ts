import { fenceCheck } from '../session/index.js';
import type { Mutation } from '../store/index.js';
import type { Term } from './term.js';

/**
 * Ends a term in the store. The check of the fence comes first: a replay fails on it, and leaves the rows of the next
 * holder alone (RELEASE-BEGINS-WITH-FENCE).
 */
export function releaseMutations(term: Term): Mutation[] {
  return [
    fenceCheck(term.session, term),
    { table: 'lock', op: 'delete', name: term.row },
    ...term.resource.mutationsOnRelease(),
  ];
}
