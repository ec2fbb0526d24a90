import type { LockRow } from '../store/index.js';
import { groupPrefix } from './lock.rows.js';

/** The newest slot that was claimed, and what became of its run. */
export interface CronState {
  /** ms since 1970 */
  readonly slot: number;
  readonly state: 'running' | 'done';
  /** Of the term that claimed it. */
  readonly token: bigint;
  /** Made by whoever claims, anew for each attempt: tells its own claim from all others. */
  readonly claim: string;
  /** The id of the member. */
  readonly member: string;
}

export function cronPrefix(group: string): string {
  return `${groupPrefix(group)}cron/`;
}

/** One row for each cron. Its name holds no `/`, so it reaches no other's row. */
export function cronRow(group: string, name: string): string {
  return cronPrefix(group) + name;
}

/** For the row's `writer`. */
export function formatCron({ slot, state, token, claim, member }: CronState): string {
  return `${new Date(slot).toISOString()} ${state} ${token} ${claim} ${member}`;
}

/** @returns undefined for what no member wrote */
export function parseCron({ writer }: Pick<LockRow, 'writer'>): CronState | undefined {
  const match = /^(\S+) (running|done) (\d+) (\S+) (.+)$/s.exec(writer ?? '');
  const slot = Date.parse(match?.[1] ?? '');
  if (!match || Number.isNaN(slot)) return undefined;
  const [, , state, token, claim, member] = match;
  return { slot, state: state as CronState['state'], token: BigInt(token), claim, member };
}
