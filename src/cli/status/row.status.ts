import {
  NewerRow,
  newerRowOf,
  parseCron,
  parseHolding,
  parseLock,
  parseSession,
} from '../../table/index.js';
import { formatTimestamp } from '../../log/index.js';
import { holderLife, sessionLife, type RowLife } from '../../session/index.js';
import type { LockRow } from '../../store/index.js';
import type { CronStatus, HeldStatus, LockRowStatus, SessionStatus } from './group.status.js';

export function sessionStatus(id: string, row: LockRow): SessionStatus {
  const owner = readable(parseSession(row));
  return {
    id,
    address: owner?.address ?? null,
    leaseDuration: owner?.leaseDuration ?? null,
    age: milliseconds(row.age),
    ...lifeStatus(sessionLife(row)),
  };
}

/**
 * @param row a fence or a permit
 * @param byName all rows that were read, with the session's row if it exists
 */
export function heldStatus(
  group: string,
  row: LockRow,
  byName: ReadonlyMap<string, LockRow>,
): HeldStatus {
  const life = holderLife(group, row, byName);
  return {
    holder: life.kind === 'newer' ? null : (life.owner?.address ?? null),
    session: readable(parseHolding(row)) ?? null,
    token: tokenText(row),
    since: momentOf(row),
    ...lifeStatus(life),
  };
}

/** @param leader the group's leader: a run of any other term did not end, or its end was not recorded */
export function cronStatus(name: string, row: LockRow, leader: HeldStatus | undefined): CronStatus {
  const newerFormat = newerFormatOf(row);
  const cron = readable(parseCron(row));
  if (!cron) return { name, slot: null, state: null, member: null, token: null, newerFormat };
  const { state, member } = cron;
  const token = cron.token.toString();
  const goesOn = leader !== undefined && !leader.dead && leader.token === token;
  return {
    name,
    slot: new Date(cron.slot).toISOString(),
    state: state === 'running' && !goesOn ? 'interrupted' : state,
    member,
    token,
    newerFormat,
  };
}

export function lockRowStatus(row: LockRow): LockRowStatus {
  return {
    writer: readable(parseLock(row)) ?? null,
    token: tokenText(row),
    age: milliseconds(row.age),
    newerFormat: newerFormatOf(row),
  };
}

function readable<T>(reading: T | NewerRow): T | undefined {
  return reading instanceof NewerRow ? undefined : reading;
}

function newerFormatOf(row: LockRow): number | null {
  return newerRowOf(row)?.format ?? null;
}

/** A string, because JSON has no `bigint`. */
function tokenText({ token }: LockRow): string | null {
  return token?.toString() ?? null;
}

/** When its token was made, by the store's clock. */
function momentOf({ token }: LockRow): string | null {
  return token === undefined ? null : formatTimestamp(token);
}

/** `null` also for an age that the store cannot tell: JSON has no `Infinity`. */
function milliseconds(duration: number | undefined): number | null {
  return duration !== undefined && Number.isFinite(duration) ? Math.round(duration) : null;
}

function lifeStatus(life: RowLife): Pick<SessionStatus, 'remaining' | 'dead' | 'newerFormat'> {
  return {
    remaining: life.kind === 'alive' ? Math.ceil(life.remaining) : 0,
    dead: life.kind === 'dead',
    newerFormat: life.kind === 'newer' ? life.format : null,
  };
}
