import { fenceCheck } from '../session/index.js';
import type { Mutation } from '../store/index.js';
import type { Term } from './term.js';

/**
 * Ends a term in the store. It begins by updating the fence row, so that a replay finds nothing and leaves a
 * successor's rows alone (RELEASE-BEGINS-WITH-FENCE).
 */
export function releaseMutations(term: Term): Mutation[] {
  return [
    fenceCheck(term.session, term),
    { table: 'lock', op: 'delete', name: term.row },
    ...term.resource.mutationsOnRelease(),
  ];
}
