import { shown, textOf } from '../errors/index.js';
import type { LossReason } from '../session/index.js';
import { HAS_NEWER_FORMAT, UPDATE_FOR_NEWER_ROW } from '../table/index.js';

/** Why something is not held any more, as the second half of a sentence. */
export const LOSSES: Record<LossReason, string> = {
  released: 'this member released it',
  expired: 'the store did not confirm a renewal before the deadline',
  'session-gone': 'the session of this member is gone from the store',
  'fence-gone': 'its fence row is gone from the store',
  superseded: 'another member holds a newer term',
  'stepped-down': 'the app called stepDown()',
  shutdown: 'the app is shutting down',
};

/** @param what 'the lock …', 'a permit of …' */
export const TERM_ENDED = (what: string, reason: LossReason) =>
  `${what[0].toUpperCase()}${what.slice(1)} is not held any more: ${LOSSES[reason]}.`;

export const HOLDINGS_LOST = (count: number, labels: string[], reason: LossReason) =>
  `This member lost ${count === 1 ? labels[0] : `${count} locks and permits (${labels.join(', ')}${count > labels.length ? ', …' : ''})`}: ${LOSSES[reason]}.`;

export const STILL_HELD = (label: string, timeout: number, holder: string) =>
  `Timed out after ${Math.round(timeout)} ms of waiting for ${label}. The store last showed it in use by member ${holder}.`;

function heldByNewerRow(label: string, format: number): string {
  return `A newer version of nestjs-hedge holds ${label}: the row ${HAS_NEWER_FORMAT(format)}`;
}

export const HELD_BY_NEWER_ROW = (label: string, format: number) =>
  `${heldByNewerRow(label, format)} ${UPDATE_FOR_NEWER_ROW}`;

export const STILL_HELD_BY_NEWER_ROW = (label: string, timeout: number, format: number) =>
  `Timed out after ${Math.round(timeout)} ms of waiting for ${label}. ${HELD_BY_NEWER_ROW(label, format)}`;

export const LOCK_BUSY_BY_NEWER_ROW = (name: string, format: number) =>
  `${heldByNewerRow(`the lock ${shown(name)}`, format)} The method did not run. ${UPDATE_FOR_NEWER_ROW}`;

export const LOCK_BUSY = (name: string, holder: string) =>
  `Member ${holder} holds the lock ${shown(name)}, and this call does not wait for it. The method did not run. Try again later.`;

export const LOCK_NAME_FAILED = (label: string, error: unknown) =>
  `The name function of @WithLock() on ${label}() gave no valid lock name. The method did not run. ${typeof error === 'string' ? error : textOf(error)}`;
