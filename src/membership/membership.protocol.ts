import { isTokenText } from '../session/index.js';
import { LONGEST_TIMER } from '../time/index.js';
import { isListUpdate, isListVersion, type ListUpdate, type ListVersion } from './list.update.js';
import { isMemberInfo, type MemberInfo } from './member.info.js';

/** What a member and the member that keeps the list send each other. */

export const HEARTBEAT = 'hedge:heartbeat';
/** Members of older versions know this name: it stays. */
export const ANNOUNCEMENT = 'hedge:news';

/** What a member says about itself and about the leader that it knows. */
export interface SelfDescription {
  /** Whether the member that says this leads. */
  readonly leads: boolean;
  /** The id of the leader that it knows. */
  readonly leader?: string;
  /** The leader's token, in decimal. */
  readonly token?: string;
  /** ms until other members may end the leader's session; present when the leader itself says this. */
  readonly remaining?: number;
}

/** A sign of life. */
export interface Heartbeat {
  /** Sent until the member knows that it is listed. */
  readonly self?: MemberInfo;
  /** The version of its list; absent when it has none, or has changed the list since. */
  readonly known?: ListVersion;
  /** The digest of its list, wherever the list came from. */
  readonly digest?: string;
  /** It shuts down: it wants to be off the list, and still to know the leader. */
  readonly leaving?: boolean;
}

/** Answers a heartbeat, and is pushed when something changes. */
export interface Announcement {
  readonly about: SelfDescription;
  /** What the receiver does not know yet. */
  readonly members?: ListUpdate;
  /** Whether the receiver is on the list; only in the answer to a heartbeat. */
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

/** @returns undefined for a value that is no announcement */
export function readAnnouncement(value: unknown): Announcement | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { about, members, isListed } = value as Partial<Announcement>;
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
