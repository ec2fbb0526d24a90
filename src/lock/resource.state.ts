import { ownerRow, parseHolding, sessionPrefix } from '../table/index.js';
import { holderLife } from '../session/index.js';
import type { LockRow, RowQuery } from '../store/index.js';
import type { Holder, Resource } from './resource.js';

export interface ResourceState {
  /** The terms whose session lives. The session that ends first comes first. */
  readonly holders: readonly Holder[];
  /** Fences whose session is dead or gone, and the dead sessions. The next acquire deletes them. */
  readonly staleRows: readonly string[];
}

/** The rows that show the state of a resource, in one read. @param names of more rows to read */
export function resourceQuery(resource: Resource, names: string[] = []): RowQuery {
  return { names, range: resource.fences, owners: sessionPrefix(resource.group) };
}

/** The state of a resource, from the rows of {@link resourceQuery} (FREE-BY-FENCE). */
export function resourceStateOf(
  { group, fences }: Resource,
  rows: readonly LockRow[],
): ResourceState {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const staleRows = new Set<string>();
  const holders: Holder[] = [];
  for (const fence of rows) {
    if (fence.name < fences.from || fence.name >= fences.to) continue;
    const found = livingHolder(group, fence, byName);
    if (found) holders.push(found);
    else {
      staleRows.add(fence.name);
      const session = ownerRow(group, fence);
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

function livingHolder(
  group: string,
  fence: LockRow,
  byName: ReadonlyMap<string, LockRow>,
): Holder | undefined {
  const life = holderLife(group, fence, byName);
  const sessionId = parseHolding(fence);
  const { token, name } = fence;
  if (life.kind === 'dead' || sessionId === undefined || token === undefined) return undefined;
  const { owner, remaining } = life;
  return { address: owner.address, token, sessionId, fenceRow: name, remaining };
}
