import {
  lockPrefix,
  newerRowOf,
  ownerRow,
  parseRowName,
  permitPrefix,
  sessionPrefix,
} from '../table/index.js';
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
 * Rows that a sweep looks at together. For each of them a transaction reads and deletes at most two more: the session
 * that decides, and the lock behind a fence. Spanner takes 80,000 in a commit, and a sweep is in no hurry.
 */
const PAGE = 1_000;

/** The rows of one kind, from `from` on. */
export interface SweepPage {
  readonly prefix: string;
  readonly from: string;
}

/**
 * The first page of each kind of row that dead sessions leave. The sweep does not touch rows of other kinds. Nor does it
 * read the group lock's fences: every acquire of that lock deletes the dead ones itself.
 */
export function sweepPages(group: string): SweepPage[] {
  const prefixes = [lockPrefix(group), permitPrefix(group), sessionPrefix(group)];
  return prefixes.map((prefix) => ({ prefix, from: prefix }));
}

/** The query for one page, and for the sessions that its rows belong to. */
export function sweepLook(group: string, { prefix, from }: SweepPage): RowQuery {
  const { to } = keysBeginningWith(prefix);
  return { range: { from, to }, limit: PAGE, owners: sessionPrefix(group) };
}

/** The page after a full one. */
export function nextSweepPage(
  { prefix }: SweepPage,
  rows: readonly LockRow[],
): SweepPage | undefined {
  const names = rows.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  if (names.length < PAGE) return undefined;
  return { prefix, from: `${names.toSorted(byCodePoint).at(-1)}\0` };
}

/**
 * The query for the rows that a look found dead, for the sessions that decide, and for the locks behind. These are few
 * rows, so the transaction disturbs no living member.
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
 * Deletes dead sessions, the fences and permits they left, and the locks behind those. One transaction judges and deletes,
 * so any member may run it at any time.
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
    const named = parseRowName(group, row.name);
    if (named?.kind === 'session' && sessionLife(row).kind === 'dead') dead.add(row.name);
    if (named?.kind !== 'fence' && named?.kind !== 'permit') continue;
    if (holderLife(group, row, byName).kind !== 'dead') continue;
    dead.add(row.name);
    const lock = named.kind === 'fence' ? byName.get(named.lockRow) : undefined;
    // Another token means another term, which has a fence of its own.
    if (lock && lock.token === row.token && !newerRowOf(lock)) dead.add(lock.name);
  }
  return [...dead];
}

/** Of a fence or a permit: the session that decides whether it is dead, and the lock that goes with it. */
function rowsBehind(group: string, row: LockRow): string[] {
  const named = parseRowName(group, row.name);
  if (named?.kind !== 'fence' && named?.kind !== 'permit') return [];
  const names = [ownerRow(group, row), named.kind === 'fence' ? named.lockRow : undefined];
  return names.filter((name) => name !== undefined);
}
