import { isTokenText } from '../session/index.js';
import { isMemberInfo, type MemberInfo } from './member.info.js';

/** Which list a member has: the leader that keeps it, and the version. */
export interface ListVersion {
  /** The leader's token, in decimal. */
  readonly token: string;
  readonly version: number;
}

/** Whether the first is older than the other. */
export function isOlder(one: ListVersion, other: ListVersion): boolean {
  if (one.token === other.token) return one.version < other.version;
  return BigInt(one.token) < BigInt(other.token);
}

/** The whole list, or the changes since a version. */
export interface ListUpdate extends ListVersion {
  /** The version that the changes start from. Absent: this is the whole list. */
  readonly since?: number;
  readonly joined: readonly MemberInfo[];
  /** The ids of the members that left. */
  readonly left: readonly string[];
  /** The digest of the list that the changes start from: the receiver already has that list. */
  readonly same?: string;
}

export function isListVersion(value: unknown): value is ListVersion {
  if (typeof value !== 'object' || value === null) return false;
  const { token, version } = value as Record<string, unknown>;
  return isTokenText(token) && Number.isSafeInteger(version);
}

export function isListUpdate(value: unknown): value is ListUpdate {
  if (!isListVersion(value)) return false;
  const { since, joined, left, same } = value as Partial<ListUpdate>;
  return (
    (since === undefined || Number.isSafeInteger(since)) &&
    Array.isArray(joined) &&
    joined.every(isMemberInfo) &&
    Array.isArray(left) &&
    left.every((id) => typeof id === 'string') &&
    (same === undefined || typeof same === 'string')
  );
}
