import type { LockRow } from '../store/index.js';
import { groupPrefix } from './group.rows.js';
import { newerRowOf, type Reading } from './row.format.js';

/** The rows of a group's sessions begin with this; the session's id follows. */
export function sessionPrefix(group: string): string {
  return `${groupPrefix(group)}session/`;
}

/** The row of a session. */
export function sessionRow(group: string, id: string): string {
  return sessionPrefix(group) + id;
}

/** A row that {@link parseRowName} found to be a session's. */
export interface SessionRowName {
  readonly kind: 'session';
  /** The session's id. */
  readonly id: string;
}

export function parseSessionName(group: string, row: string): SessionRowName | undefined {
  const prefix = sessionPrefix(group);
  return row.startsWith(prefix) ? { kind: 'session', id: row.slice(prefix.length) } : undefined;
}

/** The owner of a session, as the `writer` of its row tells. */
export interface SessionOwner {
  /** ms; others judge a session by its own lease, not by theirs. */
  readonly leaseDuration: number;
  /** The member's id. */
  readonly address: string;
}

/** @returns the `writer` of a session's row */
export function formatSession(owner: SessionOwner): string {
  return `${owner.leaseDuration} ${owner.address}`;
}

/** Reads the `writer` of a session's row. */
export function parseSession(row: Pick<LockRow, 'writer'>): Reading<SessionOwner> {
  const newer = newerRowOf(row);
  if (newer) return newer;
  const match = /^(\d+) (.+)$/s.exec(row.writer ?? '');
  return match ? { leaseDuration: Number(match[1]), address: match[2] } : undefined;
}
