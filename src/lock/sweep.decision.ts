import { parseOwner, remainingOf, sessionPrefix } from '../session/index.js';
import type { Decision, LockRow, Mutation, RowQuery } from '../store/index.js';
import { groupRange } from './lock.rows.js';

/** Spanner takes 80,000 mutations in a commit; a sweep is in no hurry. */
const MOST_DELETIONS = 1_000;

/** Where to look for what dead sessions left; the group lock's own range every acquire of it clears by itself. */
export function sweepLook(group: string): RowQuery {
  return { range: groupRange(group) };
}

/** What a look found dead, with the sessions it depends on: few rows, so that the living are not disturbed. */
export function sweepQuery(group: string, rows: readonly LockRow[]): RowQuery | undefined {
  const dead = new Set(deadRows(group, rows));
  if (dead.size === 0) return undefined;
  const owners = rows.filter((row) => dead.has(row.name) && isFenceOf(group, row));
  return { names: [...dead, ...owners.map((row) => sessionPrefix(group) + row.writer)] };
}

/**
 * Deletes dead sessions, the fences they left, and the locks behind those. Judged and deleted in one transaction,
 * so it is safe whoever runs it, and whenever.
 */
export function sweepDecision(group: string, rows: readonly LockRow[]): Decision<number> {
  const mutations = deadRows(group, rows)
    .slice(0, MOST_DELETIONS)
    .map((name): Mutation => ({ table: 'lock', op: 'delete', name }));
  return { result: mutations.length, mutations };
}

function deadRows(group: string, rows: readonly LockRow[]): string[] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const dead = new Set<string>();
  for (const row of rows) {
    if (row.name.startsWith(sessionPrefix(group))) {
      if (!isAlive(row)) dead.add(row.name);
    } else if (isFenceOf(group, row) && !isAlive(byName.get(sessionPrefix(group) + row.writer))) {
      dead.add(row.name);
      const lock = byName.get(row.name.slice(0, row.name.indexOf('#')));
      // Another token means another term, which has a fence of its own.
      if (lock && lock.token === row.token) dead.add(lock.name);
    }
  }
  return [...dead];
}

function isFenceOf(group: string, { name }: LockRow): boolean {
  return name.startsWith(`hedge/${group}/lock/`) && name.includes('#');
}

function isAlive(session: LockRow | undefined): boolean {
  const owner = session && parseOwner(session);
  return owner !== undefined && remainingOf(owner.leaseDuration, session!.age) > 0;
}
