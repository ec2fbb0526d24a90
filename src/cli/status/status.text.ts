import type { Screen } from '../terminal/screen.js';
import { tableText, visible } from '../terminal/text.table.js';
import { durationText } from './duration.text.js';
import type {
  CronStatus,
  GroupStatus,
  HeldStatus,
  Listing,
  NamedHeldStatus,
  PermitStatus,
  SessionStatus,
} from './group.status.js';
import {
  AGO,
  DEAD,
  EXPIRED,
  FOR_DETAILS,
  LEADS,
  LIVING,
  MORE,
  NEWER_FORMAT,
  NEWER_LEADER,
  NO_GROUPS,
  NO_LEADER,
  RELEASED,
  ROWS,
  UNKNOWN,
  UNKNOWN_HOLDER,
  WITHOUT_FENCE,
} from './status.messages.js';

/** The output of `status` for people. */
export function statusText(
  screen: Screen,
  store: string,
  groups: readonly GroupStatus[],
  isDetailed: boolean,
): string {
  if (groups.length === 0) return NO_GROUPS(visible(store));
  if (isDetailed) return groups.map((group) => details(screen, group)).join('\n');
  return `${overview(screen, groups)}\n${FOR_DETAILS}`;
}

function overview(screen: Screen, groups: readonly GroupStatus[]): string {
  const titles = ['group', 'leader', 'sessions', 'locks', 'permits', 'crons', 'stale rows'];
  const rows = groups.map((status) => [
    status.group,
    leaderName(status),
    counted(status.sessions),
    counted(status.locks),
    counted(status.permits),
    counted(status.crons),
    `${status.deadRows}`,
  ]);
  return tableText(screen, titles, rows);
}

function details(screen: Screen, status: GroupStatus): string {
  const { sessions, locks, permits, crons, deadRows, otherRows } = status;
  const facts = [
    ['Group', status.group],
    ['Leader', leaderText(status)],
    ['Sessions', counted(sessions)],
    ['Locks', counted(locks)],
    ['Permits', counted(permits)],
    ['Leader crons', counted(crons)],
    ['Stale rows', ROWS(deadRows)],
    ...(otherRows > 0 ? [['Rows of unknown kinds', ROWS(otherRows)]] : []),
  ];
  const lines = facts.map(
    ([name, value]) => `${screen.painted('bold', name.padEnd(23))}${visible(value)}\n`,
  );
  return [
    lines.join(''),
    section(screen, 'sessions', SESSION_TITLES, sessions, sessionCells),
    section(screen, 'locks', ['lock', ...HELD_TITLES], locks, lockCells),
    section(screen, 'permits', ['semaphore', 'limit', ...HELD_TITLES], permits, permitCells),
    section(screen, 'leader crons', CRON_TITLES, crons, cronCells),
  ].join('');
}

function section<T>(
  screen: Screen,
  title: string,
  titles: readonly string[],
  { total, rows }: Listing<T>,
  cellsOf: (row: T) => string[],
): string {
  if (total === 0) return '';
  const table = tableText(screen, titles, rows.map(cellsOf));
  const rest = total > rows.length ? `${MORE(total - rows.length)}\n` : '';
  return `\n${screen.painted('bold', title[0].toUpperCase() + title.slice(1))}\n${table}${rest}`;
}

const SESSION_TITLES = ['member', 'session', 'lease', 'renewed', 'left'];

function sessionCells({ id, address, leaseDuration, age, ...life }: SessionStatus): string[] {
  return [address ?? UNKNOWN, id, spanText(leaseDuration), agoText(age), lifeText(life)];
}

const HELD_TITLES = ['member', 'token', 'since', 'left'];

function heldCells({ holder, session, token, since, ...life }: HeldStatus): string[] {
  const member = holder ?? UNKNOWN_HOLDER(session ?? UNKNOWN);
  return [member, token ?? UNKNOWN, secondsOf(since), lifeText(life)];
}

function lockCells(held: NamedHeldStatus): string[] {
  return [held.name, ...heldCells(held)];
}

function permitCells(held: PermitStatus): string[] {
  return [held.name, `${held.limit}`, ...heldCells(held)];
}

const CRON_TITLES = ['cron', 'newest slot', 'run', 'member', 'token'];

function cronCells({ name, slot, ...run }: CronStatus): string[] {
  const { state, member, token, newerFormat } = run;
  const shown = newerFormat === null ? (state ?? UNKNOWN) : NEWER_FORMAT(newerFormat);
  return [name, secondsOf(slot), shown, member ?? UNKNOWN, token ?? UNKNOWN];
}

function leaderText(status: GroupStatus): string {
  const { leader } = status;
  if (!leader || leader.dead || leader.newerFormat !== null) return leaderName(status);
  const { holder, token, since, remaining } = leader;
  return LEADS(holder ?? UNKNOWN, secondsOf(since), token ?? UNKNOWN, durationText(remaining));
}

function leaderName({ leader, lockRow }: GroupStatus): string {
  const newerFormat = leader?.newerFormat ?? lockRow?.newerFormat ?? null;
  if (newerFormat !== null) return NEWER_LEADER(leader?.holder ?? UNKNOWN, newerFormat);
  if (leader) return leader.dead ? EXPIRED(leader.holder ?? UNKNOWN) : (leader.holder ?? UNKNOWN);
  if (!lockRow) return NO_LEADER;
  const { writer, age } = lockRow;
  return age === null
    ? RELEASED(writer ?? UNKNOWN)
    : WITHOUT_FENCE(writer ?? UNKNOWN, durationText(age));
}

function counted({ total, dead }: Listing<unknown>): string {
  return LIVING(total, dead);
}

function lifeText(life: Pick<SessionStatus, 'dead' | 'remaining' | 'newerFormat'>): string {
  const { dead, remaining, newerFormat } = life;
  if (newerFormat !== null) return NEWER_FORMAT(newerFormat);
  return dead ? DEAD : durationText(remaining);
}

function agoText(age: number | null): string {
  return age === null ? UNKNOWN : AGO(durationText(age));
}

function spanText(duration: number | null): string {
  return duration === null ? UNKNOWN : durationText(duration);
}

/** Without fractions of a second, which the token has. */
function secondsOf(moment: string | null): string {
  return moment?.replace(/\.\d+Z$/, 'Z') ?? UNKNOWN;
}
