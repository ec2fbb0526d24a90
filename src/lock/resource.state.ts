import { newerRowOf, ownerRow, parseHolding, sessionPrefix } from '../table/index.js';
import { holderLife } from '../session/index.js';
import type { LockRow, RowQuery } from '../store/index.js';
import type { Holder, Resource } from './resource.js';

/** ms between two looks at a resource that a later version holds: this version cannot tell when that lease ends. */
const NEWER_ROW_LOOK_INTERVAL = 10_000;

export interface ResourceState {
  /** The terms whose session lives, and those of a later version. The one that ends first comes first. */
  readonly holders: readonly Holder[];
  /** Fences whose session is dead or gone, and the dead sessions. The next acquire deletes them. */
  readonly staleRows: readonly string[];
}

/** The rows that show the state of a resource, in one read. @param names of more rows to read */
export function resourceQuery(resource: Resource, names: string[] = []): RowQuery {
  return { names, range: resource.fences, owners: sessionPrefix(resource.group) };
}

/** The state of a resource, from the rows of {@link resourceQuery} (FREE-BY-FENCE). */
export function resourceStateOf(resource: Resource, rows: readonly LockRow[]): ResourceState {
  const { group } = resource;
  const byName = new Map(rows.map((row) => [row.name, row]));
  const staleRows = new Set<string>();
  const holders: Holder[] = [];
  for (const row of rows) {
    if (!showsHolder(resource, row)) continue;
    const found = holderBy(group, row, byName);
    if (found) holders.push(found);
    else {
      staleRows.add(row.name);
      const session = ownerRow(group, row);
      if (session !== undefined) staleRows.add(session);
    }
  }
  holders.sort((one, other) => one.remaining - other.remaining);
  return { holders, staleRows: [...staleRows] };
}

/**
 * The holder that has to go before anyone else can have the resource: the one whose session ends first. Undefined: the
 * resource is free.
 * @throws HedgeError the resource's own refusal
 */
export function blockerOf(resource: Resource, rows: readonly LockRow[]): Holder | undefined {
  const { holders } = resourceStateOf(resource, rows);
  const error = resource.refusal(holders);
  if (error) throw error;
  return resource.freeBeside(holders) > 0 ? undefined : holders[0];
}

/** Whether the row shows a holder. A fence does; the resource's own row does only where a later version wrote it. */
function showsHolder({ row, fences }: Resource, { name, writer }: LockRow): boolean {
  const isFence = name >= fences.from && name < fences.to;
  return isFence || (name === row && newerRowOf({ writer }) !== undefined);
}

function holderBy(
  group: string,
  row: LockRow,
  byName: ReadonlyMap<string, LockRow>,
): Holder | undefined {
  const life = holderLife(group, row, byName);
  const { token, name } = row;
  if (life.kind === 'newer') {
    return { newerFormat: life.format, fenceRow: name, remaining: NEWER_ROW_LOOK_INTERVAL };
  }
  const sessionId = parseHolding(row);
  if (life.kind === 'dead' || typeof sessionId !== 'string' || token === undefined) {
    return undefined;
  }
  const { owner, remaining } = life;
  return { address: owner.address, token, sessionId, fenceRow: name, remaining };
}
