import type { LockRow } from '../store/index.js';

/** What everybody's group locks begin with, as in the Go original. */
export const GROUP_LOCKS = 'hedge/spindle/lockname/';

/** What all rows of a group begin with, but those of its own lock. */
export function groupPrefix(group: string): string {
  return `hedge/${group}/`;
}

/** What the rows of a group's named locks and of their fences begin with. */
export function lockPrefix(group: string): string {
  return `${groupPrefix(group)}lock/`;
}

/** What the rows of a group's permits begin with: `{semaphore}/{limit}/{term id}` follows. */
export function permitPrefix(group: string): string {
  return `${groupPrefix(group)}semaphore/`;
}

/** What is held by the session that the row's `writer` names. */
export type HeldRow =
  | { readonly kind: 'lock'; readonly name: string }
  | { readonly kind: 'permit'; readonly name: string; readonly limit: number };

/** What a named lock's fence, or a permit, says is held; other rows say nothing. */
export function heldRow(group: string, row: LockRow): HeldRow | undefined {
  const locks = lockPrefix(group);
  if (row.name.startsWith(locks)) {
    const end = row.name.indexOf('#');
    return end < 0 ? undefined : { kind: 'lock', name: row.name.slice(locks.length, end) };
  }
  const permits = permitPrefix(group);
  if (!row.name.startsWith(permits)) return undefined;
  const [, name, limit] = /^([^/]+)\/(\d+)\/[^/]+$/.exec(row.name.slice(permits.length)) ?? [];
  return name === undefined ? undefined : { kind: 'permit', name, limit: Number(limit) };
}
