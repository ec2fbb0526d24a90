import type { LogEntry } from '../../../src/index.js';
import { parseTimestamp } from '../../../src/log/timestamp.js';
import type { MemberProcess } from '../cluster/member.process.js';
import { LEADERSHIP, type HeldInterval, type MemberEvent } from './member.events.js';
import { msBetween } from '../time/machine.time.js';

/*
 * What must hold whatever was done to the members, checked against what they noted themselves. Each check returns the
 * violations in words: none when all is well.
 */

export interface NamedInterval extends HeldInterval {
  readonly member: string;
}

type Recorded = Pick<MemberProcess, 'name' | 'records'>;

/** Every stretch of leadership, by token. */
export function ledIntervals(members: readonly Recorded[]): NamedInterval[] {
  return heldIntervals(members, LEADERSHIP);
}

/** Every stretch in which a lock, or a permit of a semaphore, was held, by token. */
export function heldIntervals(members: readonly Recorded[], what: string): NamedInterval[] {
  return members
    .flatMap(({ name, records }) =>
      records.intervalsOf(what).map((held) => ({ member: name, ...held })),
    )
    .toSorted((a, b) => (a.token < b.token ? -1 : 1));
}

/** Never two leaders (or holders of a lock), and tokens rise with time: a term of a higher token is seen only after all lower ones were over. */
export function overlappingTerms(intervals: readonly NamedInterval[]): string[] {
  const violations: string[] = [];
  let last: NamedInterval | undefined;
  for (const led of intervals) {
    if (last && led.token === last.token) {
      violations.push(`${led.member} and ${last.member} both held it with token ${led.token}`);
    } else if (last && led.from < last.to) {
      violations.push(
        `${last.member} (token ${last.token}) still held it ${msBetween(led.from, last.to)} ms after ` +
          `${led.member} (token ${led.token}) had got it`,
      );
    }
    if (!last || led.to > last.to) last = led;
  }
  return violations;
}

/** Entries whose value is the token of the lock they were put under, and that came after one of a later holder. */
export function lateEntries(newestFirst: readonly LogEntry[]): LogEntry[] {
  let newest = 0n;
  return newestFirst.toReversed().filter(({ value }) => {
    const token = BigInt(value);
    if (token < newest) return true;
    newest = token;
    return false;
  });
}

/** How many were held at the same time. */
export function mostAtOnce(intervals: readonly NamedInterval[]): number {
  const changes = intervals
    .flatMap(({ from, to }) => [
      { at: from, by: 1 },
      { at: to, by: -1 },
    ])
    // What ends and what begins at one moment need not have been held together.
    .toSorted((a, b) => (a.at === b.at ? a.by - b.by : a.at < b.at ? -1 : 1));
  let held = 0;
  let most = 0;
  for (const { by } of changes) most = Math.max(most, (held += by));
  return most;
}

type Ack = Extract<MemberEvent, { type: 'ack' }>;

function acksByKey(members: readonly MemberProcess[]): Map<string, Ack[]> {
  const acks = new Map<string, Ack[]>();
  for (const ack of members.flatMap(({ records }) => records.eventsOf('ack'))) {
    const own = acks.get(ack.key);
    if (own) own.push(ack);
    else acks.set(ack.key, [ack]);
  }
  return acks;
}

export interface LogCheck {
  readonly acknowledged: number;
  /** Puts that failed, or whose member was killed before it could note the answer. */
  readonly unacknowledged: number;
  readonly violations: string[];
}

/** The codes that say: it is not in the log and never will be. */
const NOT_WRITTEN = new Set(['NO_LEADER', 'NOT_LEADER', 'STORE_INVALID']);

/**
 * Every acknowledged put is in the log exactly once, with the id and the time it was acknowledged with, and after those
 * its worker had awaited before; every other one is there once at the most, and not at all if the error said so.
 */
export async function checkLog(
  members: readonly MemberProcess[],
  history: (key: string) => Promise<LogEntry[]>,
): Promise<LogCheck> {
  const acks = acksByKey(members);
  const failures = members.flatMap(({ records }) => records.eventsOf('failed-put'));
  const violations: string[] = [];
  let unacknowledged = 0;
  for (const key of new Set([...acks.keys(), ...failures.map((failure) => failure.key)])) {
    const entries = (await history(key)).toReversed();
    const positions = new Map<string, number>();
    for (const [position, { value }] of entries.entries()) {
      if (positions.has(value)) violations.push(`${value} is in the log twice`);
      positions.set(value, position);
    }
    const own = acks.get(key) ?? [];
    unacknowledged += positions.size - own.length;
    let before = -1;
    for (const { value, id, timestamp } of own) {
      const position = positions.get(value);
      if (position === undefined) {
        violations.push(`${value} was acknowledged and is not in the log`);
        continue;
      }
      const entry = entries[position];
      if (entry.id !== id || parseTimestamp(entry.timestamp) !== timestamp) {
        violations.push(
          `${value} is in the log as ${entry.id} of ${entry.timestamp}, not as acknowledged`,
        );
      }
      if (position < before) violations.push(`${value} comes before a put it was begun after`);
      before = position;
    }
    for (const failure of failures) {
      if (failure.key === key && NOT_WRITTEN.has(failure.code) && positions.has(failure.value)) {
        violations.push(`${failure.value} failed with ${failure.code} and is in the log`);
      }
    }
  }
  const acknowledged = [...acks.values()].reduce((sum, own) => sum + own.length, 0);
  return { acknowledged, unacknowledged, violations };
}
