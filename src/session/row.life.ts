import type { LockRow } from '../store/index.js';
import { NewerRow, newerRowOf, ownerRow, parseSession, type SessionOwner } from '../table/index.js';
import { remainingOf } from './lease.js';

/**
 * The life of a session, by its row and the store's clock:
 * - `alive`: others may end it in `remaining` ms;
 * - `dead`: others may end it now. It has an owner where its row can be read;
 * - `newer`: a later version wrote the row. Only that version may judge the session, so others may not end it.
 */
export type RowLife =
  | { readonly kind: 'alive'; readonly owner: SessionOwner; readonly remaining: number }
  | { readonly kind: 'dead'; readonly owner: SessionOwner | undefined }
  | { readonly kind: 'newer'; readonly format: number };

/** @param row undefined where the session has no row: somebody ended it */
export function sessionLife(row: LockRow | undefined): RowLife {
  const owner = row && parseSession(row);
  if (owner instanceof NewerRow) return { kind: 'newer', format: owner.format };
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
  const newer = newerRowOf(holding);
  if (newer) return { kind: 'newer', format: newer.format };
  const session = ownerRow(group, holding);
  return sessionLife(session === undefined ? undefined : byName.get(session));
}
