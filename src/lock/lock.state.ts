import { parseOwner, remainingOf, sessionPrefix } from '../session/index.js';
import type { LockRow, RowQuery } from '../store/index.js';
import { fenceRange, type LockPlace } from './lock.rows.js';

/** Who holds a lock, by what one read of the store shows. */
export interface LockHolder {
  /** The member's id. */
  readonly address: string;
  readonly token: bigint;
  readonly sessionId: string;
  readonly fenceRow: string;
  /** ms, by the store's clock, until others may end the holder's session unless it is renewed. */
  readonly remaining: number;
}

/** Free exactly when there is no holder: no fence, or only fences of dead sessions. */
export interface LockState {
  readonly holder: LockHolder | undefined;
  /** Fences whose session is dead or gone, and those sessions: to be deleted by whoever takes the lock. */
  readonly dead: readonly string[];
}

/** The rows that tell a lock's state, in one read. */
export function lockStateQuery(group: string, lock: LockPlace, names: string[] = []): RowQuery {
  return { names, range: fenceRange(lock), owners: sessionPrefix(group) };
}

/** Reads the state out of the rows that {@link lockStateQuery} asked for. */
export function lockStateOf(group: string, lock: LockPlace, rows: readonly LockRow[]): LockState {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const { from } = fenceRange(lock);
  const dead = new Set<string>();
  let holder: LockHolder | undefined;
  for (const fence of rows) {
    if (!fence.name.startsWith(from)) continue;
    const found = livingHolder(fence, byName.get(sessionPrefix(group) + fence.writer));
    if (found) holder = found;
    else {
      dead.add(fence.name);
      if (fence.writer) dead.add(sessionPrefix(group) + fence.writer);
    }
  }
  return { holder, dead: [...dead] };
}

function livingHolder(fence: LockRow, session: LockRow | undefined): LockHolder | undefined {
  const owner = session && parseOwner(session);
  if (!owner || fence.writer === undefined || fence.token === undefined) return undefined;
  const remaining = remainingOf(owner.leaseDuration, session.age);
  if (remaining <= 0) return undefined;
  const { address } = owner;
  const { token, writer: sessionId, name } = fence;
  return { address, token, sessionId, fenceRow: name, remaining };
}
