import type { Decision, LockRow, Mutation, RowQuery } from '../store/index.js';
import { lockStateOf, lockStateQuery, type LockHolder } from './lock.state.js';
import type { Term } from './term.js';

/**
 * What an acquire found:
 * - `acquired`: its commit makes this term stand, with the commit timestamp as its token;
 * - `mine`: an earlier attempt of this very term already landed (nothing is written, nothing extended);
 * - `held`: somebody holds it;
 * - `session-gone`: others ended the session it was to be acquired under.
 */
export type AcquireAnswer =
  | { readonly kind: 'acquired' }
  | { readonly kind: 'mine'; readonly token: bigint }
  | { readonly kind: 'held'; readonly holder: LockHolder }
  | { readonly kind: 'session-gone' };

/** The rows an acquire has to see: the lock's fences, their sessions, and its own. */
export function acquireQuery(group: string, term: Term): RowQuery {
  return lockStateQuery(group, term.lock, [term.lock.row, term.session.row]);
}

/** The whole of an acquire, as a pure function of the rows that one transaction read. */
export function decideAcquire(
  group: string,
  term: Term,
  rows: readonly LockRow[],
): Decision<AcquireAnswer> {
  const { lock, session } = term;
  const sessionStands = rows.some((row) => row.name === session.row);
  // A session that stood and is not there was ended by others. Writing it again would bring it back.
  if (!sessionStands && !session.isFresh) return answer({ kind: 'session-gone' });

  const fence = rows.find((row) => row.name === term.row);
  if (fence?.token !== undefined) {
    return answer(sessionStands ? { kind: 'mine', token: fence.token } : { kind: 'session-gone' });
  }
  const { holder, dead } = lockStateOf(group, lock, rows);
  if (holder) return answer({ kind: 'held', holder });

  const deletions = dead
    .filter((name) => name !== session.row)
    .map((name): Mutation => ({ table: 'lock', op: 'delete', name }));
  return answer({ kind: 'acquired' }, [
    ...deletions,
    {
      table: 'lock',
      op: 'upsert',
      name: lock.row,
      writer: session.owner.address,
      heartbeat: 'now',
      token: 'now',
    },
    { table: 'lock', op: 'insert', name: term.row, writer: session.id, token: 'now' },
    session.beginning(sessionStands),
  ]);
}

function answer(result: AcquireAnswer, mutations: Mutation[] = []): Decision<AcquireAnswer> {
  return { result, mutations };
}
