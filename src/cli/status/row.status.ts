import { parseCron, parseHolding, parseLock, parseSession } from '../../table/index.js';
import { formatTimestamp } from '../../log/index.js';
import { remainingOf } from '../../session/index.js';
import type { LockRow } from '../../store/index.js';
import type { CronStatus, HeldStatus, LockRowStatus, SessionStatus } from './group.status.js';

export function sessionStatus(id: string, row: LockRow): SessionStatus {
  const owner = parseSession(row);
  const { remaining, dead } = lifeOf(row);
  return {
    id,
    address: owner?.address ?? null,
    leaseDuration: owner?.leaseDuration ?? null,
    age: milliseconds(row.age),
    remaining,
    dead,
  };
}

/** @param session the row of the session that the fence names, if it is there */
export function heldStatus(fence: LockRow, session: LockRow | undefined): HeldStatus {
  return {
    holder: (session && parseSession(session)?.address) ?? null,
    session: parseHolding(fence) ?? null,
    token: tokenText(fence),
    since: momentOf(fence),
    ...lifeOf(session),
  };
}

/** @param leader of the group: a run of another one's term was cut short, or nobody saw it end */
export function cronStatus(name: string, row: LockRow, leader: HeldStatus | undefined): CronStatus {
  const cron = parseCron(row);
  if (!cron) return { name, slot: null, state: null, member: null, token: null };
  const { state, member } = cron;
  const token = cron.token.toString();
  const goesOn = leader !== undefined && !leader.dead && leader.token === token;
  return {
    name,
    slot: new Date(cron.slot).toISOString(),
    state: state === 'running' && !goesOn ? 'interrupted' : state,
    member,
    token,
  };
}

export function lockRowStatus(row: LockRow): LockRowStatus {
  return { writer: parseLock(row) ?? null, token: tokenText(row), age: milliseconds(row.age) };
}

/** A token is a `bigint`, which JSON does not have. */
function tokenText({ token }: LockRow): string | null {
  return token?.toString() ?? null;
}

/** The moment its token was given, by the store's clock. */
function momentOf({ token }: LockRow): string | null {
  return token === undefined ? null : formatTimestamp(token);
}

/** `null` also for longer than the store can tell: JSON has no `Infinity`. */
function milliseconds(duration: number | undefined): number | null {
  return duration !== undefined && Number.isFinite(duration) ? Math.round(duration) : null;
}

function lifeOf(session: LockRow | undefined): Pick<SessionStatus, 'remaining' | 'dead'> {
  const owner = session && parseSession(session);
  const remaining = owner ? remainingOf(owner.leaseDuration, session.age) : 0;
  return { remaining: Math.max(0, Math.ceil(remaining)), dead: remaining <= 0 };
}
