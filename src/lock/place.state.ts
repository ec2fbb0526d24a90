import { parseOwner, sessionPrefix } from '../table/index.js';
import { remainingOf } from '../session/index.js';
import type { LockRow, RowQuery } from '../store/index.js';
import type { Holder, Place } from './place.js';

export interface PlaceState {
  /** Those that hold it by a session that lives; whoever's session ends first comes first. */
  readonly holders: readonly Holder[];
  /** Fences whose session is dead or gone, and those sessions: to be deleted by whoever takes the place. */
  readonly dead: readonly string[];
}

/** The rows that tell a place's state, in one read. */
export function placeQuery(place: Place, names: string[] = []): RowQuery {
  return { names, range: place.fences, owners: sessionPrefix(place.group) };
}

/** Reads the state out of the rows that {@link placeQuery} asked for (FREE-BY-FENCE). */
export function placeStateOf({ group, fences }: Place, rows: readonly LockRow[]): PlaceState {
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
 * Whoever has to go before anybody else can have the place: the one whose session ends first.
 * @throws HedgeError what the place refuses with
 */
export function blockerOf(place: Place, rows: readonly LockRow[]): Holder | undefined {
  const { holders } = placeStateOf(place, rows);
  const error = place.refusal(holders);
  if (error) throw error;
  return place.roomBeside(holders) > 0 ? undefined : holders[0];
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
