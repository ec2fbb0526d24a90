import type { HedgeError } from '../errors/index.js';
import { remainingOf } from '../session/index.js';
import type { Decision, LockRow, Mutation, RowQuery } from '../store/index.js';
import { formatHolding } from '../table/index.js';
import type { Holder } from './resource.js';
import { resourceQuery, resourceStateOf, type ResourceState } from './resource.state.js';
import type { Term } from './term.js';

/**
 * What an acquire found:
 * - `acquired`: the commit begins this term; the commit timestamp is its token;
 * - `mine`: an earlier attempt of this term landed; nothing is written, and no deadline is extended;
 * - `held`: others hold all of it;
 * - `refused`: nobody can acquire it like this, however long they wait;
 * - `session-gone`: another member ended the session of this term.
 */
export type AcquireAnswer =
  | { readonly kind: 'acquired'; readonly busyFor: number }
  | { readonly kind: 'mine'; readonly token: bigint; readonly busyFor: number }
  | { readonly kind: 'held'; readonly holder: Holder }
  | { readonly kind: 'refused'; readonly error: HedgeError }
  | { readonly kind: 'session-gone' };

/** The rows that an acquire reads: the resource's own row, its fences, their sessions, and the session of the term. */
export function acquireQuery({ resource, session }: Term): RowQuery {
  return resourceQuery(resource, [resource.row, session.row]);
}

/**
 * The whole decision of an acquire, as a pure function of the rows that one transaction read (ACQUIRE-IN-TRANSACTION).
 */
export function decideAcquire(term: Term, rows: readonly LockRow[]): Decision<AcquireAnswer> {
  const { resource, session } = term;
  const sessionStands = rows.some((row) => row.name === session.row);
  // The session stood, and its row is gone: another member ended it. Writing the row again would bring it back
  // (SESSION-NEVER-RETURNS).
  if (!sessionStands && !session.isFresh) return answer({ kind: 'session-gone' });

  const state = resourceStateOf(resource, rows);
  const fence = rows.find((row) => row.name === term.row);
  if (fence?.token !== undefined) {
    if (!sessionStands) return answer({ kind: 'session-gone' });
    const others = state.holders.filter(({ fenceRow }) => fenceRow !== term.row);
    return answer({ kind: 'mine', token: fence.token, busyFor: busyFor(term, others) });
  }
  const error = resource.refusal(state.holders);
  if (error) return answer({ kind: 'refused', error });
  if (resource.freeBeside(state.holders) <= 0) {
    return answer({ kind: 'held', holder: state.holders[0] });
  }
  return answer(
    { kind: 'acquired', busyFor: busyFor(term, state.holders) },
    acquireMutations(term, state, sessionStands),
  );
}

function acquireMutations(
  { resource, row, session }: Term,
  { staleRows }: ResourceState,
  sessionStands: boolean,
): Mutation[] {
  const deletions = staleRows
    .filter((name) => name !== session.row)
    .map((name): Mutation => ({ table: 'lock', op: 'delete', name }));
  return [
    ...deletions,
    ...resource.mutationsOnAcquire(session.owner.address),
    { table: 'lock', op: 'insert', name: row, writer: formatHolding(session.id), token: 'now' },
    session.beginning(sessionStands),
  ];
}

/** ms for which the resource is full beside this term and these holders, unless one gives back. 0: more holders fit. */
function busyFor({ resource, session }: Term, others: readonly Holder[]): number {
  if (resource.freeBeside(others) > 1) return 0;
  const own = remainingOf(session.owner.leaseDuration, 0);
  return Math.min(own, ...others.map(({ remaining }) => remaining));
}

function answer(result: AcquireAnswer, mutations: Mutation[] = []): Decision<AcquireAnswer> {
  return { result, mutations };
}
