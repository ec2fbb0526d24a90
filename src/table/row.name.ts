import { parseCronName, type CronRowName } from './cron.row.js';
import { parseFenceName, type FenceRowName } from './fence.row.js';
import { parseLockName, type LockRowName } from './lock.row.js';
import { parsePermitName, type PermitRowName } from './permit.row.js';
import { parseSessionName, type SessionRowName } from './session.row.js';

/** A row of a group, as its name tells. The group lock and its fences are not among these. */
export type RowName = SessionRowName | LockRowName | FenceRowName | PermitRowName | CronRowName;

/** @returns undefined for a row of another group, or of a kind that this version does not know */
export function parseRowName(group: string, row: string): RowName | undefined {
  return (
    parseSessionName(group, row) ??
    parseFenceName(group, row) ??
    parseLockName(group, row) ??
    parsePermitName(group, row) ??
    parseCronName(group, row)
  );
}
