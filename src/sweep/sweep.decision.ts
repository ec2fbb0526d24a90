import { lockPrefix, ownerRow, parseRowName, permitPrefix, sessionPrefix } from '../table/index.js';
import { holderLife, sessionLife } from '../session/index.js';
import {
  byCodePoint,
  keysBeginningWith,
  type Decision,
  type LockRow,
  type Mutation,
  type RowQuery,
} from '../store/index.js';

/**
 * How many rows are looked at together. For each of them a transaction reads and deletes two more at the most, the
 * session that decides and the lock behind a fence; Spanner takes 80,000 in a commit, and a sweep is in no hurry.
 */
const PAGE = 1_000;

/** The rows of one kind, from `from` on. */
export interface SweepPage {
  readonly prefix: string;
  readonly from: string;
}

/**
 * Where dead sessions leave rows: the first page of each kind. Nobody knows whose rows of other kinds are; the group
 * lock's own range every acquire of it clears by itself.
 */
export function sweepPages(group: string): SweepPage[] {
  const prefixes = [lockPrefix(group), permitPrefix(group), sessionPrefix(group)];
  return prefixes.map((prefix) => ({ prefix, from: prefix }));
}

/** Reads one page, with the sessions that its rows belong to. */
export function sweepLook(group: string, { prefix, from }: SweepPage): RowQuery {
  const { to } = keysBeginningWith(prefix);
  return { range: { from, to }, limit: PAGE, owners: sessionPrefix(group) };
}

/** What comes after a page that was full. */
export function nextSweepPage(
  { prefix }: SweepPage,
  rows: readonly LockRow[],
): SweepPage | undefined {
  const names = rows.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  if (names.length < PAGE) return undefined;
  return { prefix, from: `${names.toSorted(byCodePoint).at(-1)}\0` };
}

/**
 * What a look found dead, with the sessions it depends on and the locks behind it: few rows, so that the living are
 * not disturbed.
 */
export function sweepQuery(group: string, rows: readonly LockRow[]): RowQuery | undefined {
  const names = new Set(deadRows(group, rows));
  if (names.size === 0) return undefined;
  for (const row of rows) {
    if (!names.has(row.name)) continue;
    for (const name of rowsBehind(group, row)) names.add(name);
  }
  return { names: [...names] };
}

/**
 * Deletes dead sessions, the fences and permits they left, and the locks behind those. Judged and deleted in one
 * transaction, so it is safe whoever runs it, and whenever.
 */
export function sweepDecision(group: string, rows: readonly LockRow[]): Decision<number> {
  const mutations = deadRows(group, rows).map((name): Mutation => ({
    table: 'lock',
    op: 'delete',
    name,
  }));
  return { result: mutations.length, mutations };
}

function deadRows(group: string, rows: readonly LockRow[]): string[] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const dead = new Set<string>();
  for (const row of rows) {
    const is = parseRowName(group, row.name);
    if (is?.kind === 'session' && sessionLife(row).kind === 'dead') dead.add(row.name);
    if (is?.kind !== 'fence' && is?.kind !== 'permit') continue;
    if (holderLife(group, row, byName).kind !== 'dead') continue;
    dead.add(row.name);
    const lock = is.kind === 'fence' ? byName.get(is.lockRow) : undefined;
    // Another token means another term, which has a fence of its own.
    if (lock && lock.token === row.token) dead.add(lock.name);
  }
  return [...dead];
}

/** Of a fence or a permit: the session that decides whether it is dead, and the lock that goes with it. */
function rowsBehind(group: string, row: LockRow): string[] {
  const is = parseRowName(group, row.name);
  if (is?.kind !== 'fence' && is?.kind !== 'permit') return [];
  const names = [ownerRow(group, row), is.kind === 'fence' ? is.lockRow : undefined];
  return names.filter((name) => name !== undefined);
}
