import type { LockRow } from '../store/index.js';
import { groupPrefix } from './group.rows.js';
import { newerRowOf, type Reading } from './row.format.js';

/** The newest slot that was claimed, and the state of its run. */
export interface CronState {
  /** ms since 1970 */
  readonly slot: number;
  readonly state: 'running' | 'done';
  /** The token of the term that claimed it. */
  readonly token: bigint;
  /** A claimer makes it for each attempt: it tells its own claim from all others. */
  readonly claim: string;
  /** The id of the member. */
  readonly member: string;
}

/** The rows of a group's crons begin with this. */
function cronPrefix(group: string): string {
  return `${groupPrefix(group)}cron/`;
}

/** The row of a cron. A cron's name holds no `/`, so it reaches no other cron's row. */
export function cronRow(group: string, name: string): string {
  return cronPrefix(group) + name;
}

/** A row that {@link parseRowName} found to be a cron's. */
export interface CronRowName {
  readonly kind: 'cron';
  /** The cron's name. */
  readonly name: string;
}

export function parseCronName(group: string, row: string): CronRowName | undefined {
  const prefix = cronPrefix(group);
  return row.startsWith(prefix) ? { kind: 'cron', name: row.slice(prefix.length) } : undefined;
}

/** @returns the `writer` of a cron's row */
export function formatCron({ slot, state, token, claim, member }: CronState): string {
  return `${new Date(slot).toISOString()} ${state} ${token} ${claim} ${member}`;
}

/** Reads the `writer` of a cron's row. */
export function parseCron(row: Pick<LockRow, 'writer'>): Reading<CronState> {
  const newer = newerRowOf(row);
  if (newer) return newer;
  const match = /^(\S+) (running|done) (\d+) (\S+) (.+)$/s.exec(row.writer ?? '');
  const slot = Date.parse(match?.[1] ?? '');
  if (!match || Number.isNaN(slot)) return undefined;
  const [, , state, token, claim, member] = match;
  return { slot, state: state as CronState['state'], token: BigInt(token), claim, member };
}
