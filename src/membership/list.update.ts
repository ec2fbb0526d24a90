import { isTokenText } from '../session/index.js';
import { isMemberInfo, type MemberInfo } from './member.js';

/** How far a member is: which list (by the token of the leader that keeps it), and which version of that. */
export interface ListVersion {
  /** In decimal. */
  readonly token: string;
  readonly version: number;
}

/** Whether the one tells less than the other. */
export function isOlder(one: ListVersion, other: ListVersion): boolean {
  if (one.token === other.token) return one.version < other.version;
  return BigInt(one.token) < BigInt(other.token);
}

/** The list, or what changed in it. */
export interface ListUpdate extends ListVersion {
  /** The version that it starts from. Absent: what is not named here has left. */
  readonly since?: number;
  readonly joined: readonly MemberInfo[];
  /** Their ids. */
  readonly left: readonly string[];
  /** The digest of the list that it starts from, which whoever asked has: it need not be told. */
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
