import type { LockRow } from '../store/index.js';

/** Session rows of a group are named by this prefix and the session's id. */
export function sessionPrefix(group: string): string {
  return `hedge/${group}/session/`;
}

/** What a session row's `writer` says about its owner. */
export interface SessionOwner {
  /** ms; others judge a session by its own lease, not by theirs. */
  readonly leaseDuration: number;
  /** The member's id. */
  readonly address: string;
}

export function formatOwner(owner: SessionOwner): string {
  return `${owner.leaseDuration} ${owner.address}`;
}

export function parseOwner(row: LockRow): SessionOwner | undefined {
  const match = /^(\d+) (.+)$/s.exec(row.writer ?? '');
  return match ? { leaseDuration: Number(match[1]), address: match[2] } : undefined;
}
