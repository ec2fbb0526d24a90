import { shown, textOf } from '../errors/index.js';
import type { LossReason } from '../session/index.js';

/** By `LossReason`. */
export const LOSSES: Record<LossReason, string> = {
  released: 'it was given back',
  expired: 'its deadline passed before the store confirmed a renewal',
  'session-gone': 'others ended its session in the store',
  'fence-gone': 'its fence is gone from the store',
  superseded: 'another member holds a newer term',
  'stepped-down': 'the app asked it to step down',
  shutdown: 'the app is closing',
};

export const TERM_ENDED = (what: string, reason: LossReason) =>
  `${what[0].toUpperCase()}${what.slice(1)} is not held any more: ${LOSSES[reason]}.`;

export const HOLDINGS_LOST = (count: number, labels: string[], reason: LossReason) =>
  `This member lost ${count === 1 ? labels[0] : `${count} locks and permits (${labels.join(', ')}${count > labels.length ? ', …' : ''})`}: ${LOSSES[reason]}.`;

export const STILL_HELD = (label: string, timeout: number, holder: string) =>
  `Timed out after ${Math.round(timeout)} ms of waiting for ${label}: when the store was last asked, member ${holder} was in the way.`;

export const LOCK_BUSY = (name: string, holder: string) =>
  `The lock ${shown(name)} is held by member ${holder}, and this call was not to wait for it. Try again later.`;

export const LOCK_NAME_FAILED = (label: string, error: unknown) =>
  `The name function of @WithLock() on ${label}() gave no lock's name. ${typeof error === 'string' ? error : textOf(error)}`;
