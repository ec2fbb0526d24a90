import type { MemberProcess } from '../support/cluster/member.process.js';
import { heldIntervals, type NamedInterval } from '../support/records/recorded.invariants.js';
import { msBetween } from '../support/time/machine.time.js';
import type { Mishap } from './mishaps.js';

/** A contender's wait, from the question to the answer. */
export interface Wait {
  readonly member: string;
  readonly from: bigint;
  readonly to: bigint;
  /** `acquired`, or the code it failed with. */
  readonly outcome: string;
}

export function waitsFor(members: readonly MemberProcess[], what: string): Wait[] {
  return members.flatMap(({ name: member, records }) => [
    ...records
      .eventsOf('acquired')
      .filter((event) => event.what === what)
      .map(({ askedAt, at }) => ({ member, from: askedAt, to: at, outcome: 'acquired' })),
    ...records
      .eventsOf('not-acquired')
      .filter((event) => event.what === what)
      .map(({ askedAt, at, code }) => ({ member, from: askedAt, to: at, outcome: code })),
  ]);
}

/** ms from the death of a holder to the next holding of what it held, for each that was killed while it held it. */
export function takeOvers(
  members: readonly MemberProcess[],
  what: string,
  mishaps: readonly Mishap[],
): number[] {
  const intervals = heldIntervals(members, what);
  const over = new Set(
    members.flatMap(({ records }) => records.eventsOf('holding-aborted').map(({ token }) => token)),
  );
  return mishaps.flatMap(({ kind, member, at }) => {
    const last = intervals.findLast((held) => held.member === member);
    if (kind !== 'kill' || !last || over.has(last.token)) return [];
    const next = intervals.find((held) => held.token > last.token);
    return next ? [msBetween(at, next.from)] : [];
  });
}

/** Changes from one member to another, in the order of the tokens. */
export function handOvers(intervals: readonly NamedInterval[]): number {
  return intervals.filter(({ member }, index) => member !== intervals[index - 1]?.member).length;
}

export interface FairTurns {
  readonly contenders: number;
  /** How many may hold it at a time. */
  readonly limit: number;
  /** ms that one turn takes at the most, with the hand-over to the next. */
  readonly turn: number;
  /** ms that a mishap may cost everybody in line beyond its own time: a lease, and the line anew. */
  readonly mishap: number;
}

/**
 * How long a contender may wait where all take fair turns: each of the others goes first once, and every mishap that
 * falls into the wait costs its time (a stop that of the stop, for it may be the waiter's own) and a lease.
 */
export function longestFairWait(
  { from, to }: Wait,
  { contenders, limit, turn, mishap }: FairTurns,
  mishaps: readonly Mishap[],
): number {
  const costs = mishaps
    .filter((each) => each.at < to && msBetween(each.until, from) < mishap)
    .map((each) => mishap + (each.kind === 'stop' ? msBetween(each.at, each.until) : 0));
  const turns = Math.ceil(contenders / limit) * turn;
  return turns + costs.reduce((sum, cost) => sum + cost, 0);
}
