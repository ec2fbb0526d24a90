import { keysBeginningWith, type KeyRange } from '../store/index.js';
import { groupPrefix } from './group.rows.js';

/** The rows of all permits of a group begin with this. */
export function permitPrefix(group: string): string {
  return `${groupPrefix(group)}semaphore/`;
}

/** Where a semaphore's permits stand, of whatever limit. Names hold no `/`, so no other semaphore's are there. */
export function permitsOf(group: string, semaphore: string): KeyRange {
  return keysBeginningWith(semaphorePrefix(group, semaphore));
}

/** The permits of a semaphore with this limit, as a name: no row has it, and each permit's row begins with it. */
export function semaphoreName(group: string, semaphore: string, limit: number): string {
  return semaphorePrefix(group, semaphore) + limit;
}

/** The row of a permit: it stands exactly as long as its term holds the permit. */
export function permitRow(semaphore: string, termId: string): string {
  return `${semaphore}/${termId}`;
}

/** The limit that a permit of this semaphore was taken with, as its row has it. */
export function limitOfPermit(group: string, semaphore: string, row: string): string {
  return row.slice(semaphorePrefix(group, semaphore).length).split('/')[0];
}

/** A row that {@link parseRowName} found to be a permit's. */
export interface PermitRowName {
  readonly kind: 'permit';
  /** The semaphore's name. */
  readonly name: string;
  readonly limit: number;
}

export function parsePermitName(group: string, row: string): PermitRowName | undefined {
  const prefix = permitPrefix(group);
  if (!row.startsWith(prefix)) return undefined;
  const [, name, limit] = /^([^/]+)\/(\d+)\/[^/]+$/.exec(row.slice(prefix.length)) ?? [];
  return name === undefined ? undefined : { kind: 'permit', name, limit: Number(limit) };
}

function semaphorePrefix(group: string, semaphore: string): string {
  return `${permitPrefix(group)}${semaphore}/`;
}
