import { isTokenText } from '../session/index.js';
import { LONGEST_TIMER } from '../time/index.js';
import { isListUpdate, isListVersion, type ListUpdate, type ListVersion } from './list.update.js';
import { isMemberInfo, type MemberInfo } from './member.js';

/** What travels between a member and the one that keeps the list. */

export const HEARTBEAT = 'hedge:heartbeat';
export const NEWS = 'hedge:news';

/** What a member says of itself and of the leader it knows. */
export interface SelfDescription {
  /** Whether the member that says so leads. */
  readonly leads: boolean;
  /** The leader it knows. */
  readonly leader?: string;
  /** The leader's token, in decimal. */
  readonly token?: string;
  /** ms until the leader's session may be ended by others; present when the leader itself says so. */
  readonly remaining?: number;
}

/** A sign of life. */
export interface Heartbeat {
  /** Until it is known to be listed. */
  readonly self?: MemberInfo;
  /** The list it has, if it has one as it was given. */
  readonly known?: ListVersion;
  /** Of the list it has, however it came by it. */
  readonly digest?: string;
  /** It is shutting down: listed no more, but it still wants to know who leads. */
  readonly leaving?: boolean;
}

/** The answer to a heartbeat, and what is pushed when something changes. */
export interface News {
  readonly about: SelfDescription;
  /** What the member did not know yet. */
  readonly members?: ListUpdate;
  /** Whether the member that asked stands on the list; only in the answer to a heartbeat. */
  readonly isListed?: boolean;
}

export function isHeartbeat(value: unknown): value is Heartbeat {
  if (typeof value !== 'object' || value === null) return false;
  const { self, known, digest, leaving } = value as Partial<Heartbeat>;
  return (
    (self === undefined || isMemberInfo(self)) &&
    (known === undefined || isListVersion(known)) &&
    (digest === undefined || typeof digest === 'string') &&
    (leaving === undefined || typeof leaving === 'boolean')
  );
}

/** @returns undefined for what is no news */
export function readNews(value: unknown): News | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { about, members, isListed } = value as Partial<News>;
  if (!isDescription(about)) return undefined;
  if (members !== undefined && !isListUpdate(members)) return undefined;
  const remaining = about.remaining && Math.min(about.remaining, LONGEST_TIMER);
  return { about: { ...about, remaining }, members, isListed: isListed === true };
}

function isDescription(value: unknown): value is SelfDescription {
  if (typeof value !== 'object' || value === null) return false;
  const { leads, leader, token, remaining } = value as Record<string, unknown>;
  return (
    typeof leads === 'boolean' &&
    (leader === undefined || typeof leader === 'string') &&
    (token === undefined || isTokenText(token)) &&
    (remaining === undefined || Number.isFinite(remaining))
  );
}
