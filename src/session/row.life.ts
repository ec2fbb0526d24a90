import type { LockRow } from '../store/index.js';
import { ownerRow, parseSession, type SessionOwner } from '../table/index.js';
import { remainingOf } from './lease.js';

/**
 * The life of a session, by its row and the store's clock. `remaining` is in ms, until others may end the session. A dead
 * session may have an owner: its lease is over.
 */
export type RowLife =
  | { readonly kind: 'alive'; readonly owner: SessionOwner; readonly remaining: number }
  | { readonly kind: 'dead'; readonly owner: SessionOwner | undefined };

/** @param row undefined where the session has no row: somebody ended it */
export function sessionLife(row: LockRow | undefined): RowLife {
  const owner = row && parseSession(row);
  const remaining = owner ? remainingOf(owner.leaseDuration, row.age) : 0;
  return owner && remaining > 0 ? { kind: 'alive', owner, remaining } : { kind: 'dead', owner };
}

/**
 * The life of the session that holds a fence or a permit.
 * @param byName the rows that were read, among them the session's
 */
export function holderLife(
  group: string,
  holding: LockRow,
  byName: ReadonlyMap<string, LockRow>,
): RowLife {
  const session = ownerRow(group, holding);
  return sessionLife(session === undefined ? undefined : byName.get(session));
}
