import { parseOwner, sessionPrefix } from '../table/index.js';
import { remainingOf } from '../session/index.js';
import type { LockRow, RowQuery } from '../store/index.js';
import type { Holder, Resource } from './resource.js';

export interface ResourceState {
  /** Those that hold it by a session that lives; whoever's session ends first comes first. */
  readonly holders: readonly Holder[];
  /** Fences whose session is dead or gone, and those sessions: to be deleted by whoever takes the resource. */
  readonly dead: readonly string[];
}

/** The rows that tell a resource's state, in one read. */
export function resourceQuery(resource: Resource, names: string[] = []): RowQuery {
  return { names, range: resource.fences, owners: sessionPrefix(resource.group) };
}

/** Reads the state out of the rows that {@link resourceQuery} asked for (FREE-BY-FENCE). */
export function resourceStateOf(
  { group, fences }: Resource,
  rows: readonly LockRow[],
): ResourceState {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const dead = new Set<string>();
  const holders: Holder[] = [];
  for (const fence of rows) {
    if (fence.name < fences.from || fence.name >= fences.to) continue;
    const found = livingHolder(fence, byName.get(sessionPrefix(group) + fence.writer));
    if (found) holders.push(found);
    else {
      dead.add(fence.name);
      if (fence.writer) dead.add(sessionPrefix(group) + fence.writer);
    }
  }
  holders.sort((one, other) => one.remaining - other.remaining);
  return { holders, dead: [...dead] };
}

/**
 * Whoever has to go before anybody else can have the resource: the one whose session ends first.
 * @throws HedgeError what the resource refuses with
 */
export function blockerOf(resource: Resource, rows: readonly LockRow[]): Holder | undefined {
  const { holders } = resourceStateOf(resource, rows);
  const error = resource.refusal(holders);
  if (error) throw error;
  return resource.freeBeside(holders) > 0 ? undefined : holders[0];
}

function livingHolder(fence: LockRow, session: LockRow | undefined): Holder | undefined {
  const owner = session && parseOwner(session);
  if (!owner || fence.writer === undefined || fence.token === undefined) return undefined;
  const remaining = remainingOf(owner.leaseDuration, session.age);
  if (remaining <= 0) return undefined;
  const { address } = owner;
  const { token, writer: sessionId, name } = fence;
  return { address, token, sessionId, fenceRow: name, remaining };
}
