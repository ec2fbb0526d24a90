import type { Cluster } from './cluster.js';
import type { Exit, MemberProcess } from './member.process.js';
import { until } from '../time/until.js';
import { ledIntervals } from '../records/recorded.invariants.js';
import { msBetween } from '../time/machine.time.js';

/** How the group got over the end of its leader, in ms since the signal left. */
export interface Failover {
  /** Until the old leader had given up leadership itself (its drain was over); a killed one never does. */
  readonly drained: number | undefined;
  /** Until the next one's `isLeader()` was true. */
  readonly led: number;
  /** Until a put was acknowledged that the next leader wrote. */
  readonly usable: number;
  /** Until the old leader's process was gone. */
  readonly exited: number;
  readonly exit: Exit;
  /** The member whose put it was led itself, or had to send it to the leader. */
  readonly next: MemberProcess;
}

/** Ends the leader by a signal, under a load of puts from all members, and waits until the next one is usable. */
export async function endLeader(
  cluster: Cluster,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT',
): Promise<Failover> {
  const { leader, followers, token } = await cluster.agreed();
  const at = leader.signal(signal);
  const next = await until('the next leader leads', () =>
    ledIntervals(followers).find((led) => led.token > token),
  );
  // Only the term that stands can write: whatever was committed after its token is by its leader.
  const ack = await until('a put is acknowledged by the next leader', () =>
    followers
      .flatMap(({ records }) => records.eventsOf('ack').slice(-200))
      .filter(({ timestamp }) => timestamp > next.token)
      .toSorted((a, b) => Number(a.at - b.at))
      .at(0),
  );
  const exit = await leader.exited;
  const lost = leader.records.eventsOf('lost').find((event) => event.token === token);
  return {
    drained: lost && msBetween(at, lost.at),
    led: msBetween(at, next.from),
    usable: msBetween(at, ack.at),
    exited: msBetween(at, exit.at),
    exit,
    next: followers.find(({ name }) => name === next.member)!,
  };
}

/** A line per figure, for people: least, median and most. */
export function figures(title: string, rounds: readonly Record<string, number>[]): string {
  const lines = Object.keys(rounds[0] ?? {}).map((name) => {
    const sorted = rounds.map((round) => round[name]).toSorted((a, b) => a - b);
    const [least, median, most] = [0, sorted.length >> 1, sorted.length - 1].map((at) =>
      sorted[at].toFixed(0).padStart(7),
    );
    return `  ${name.padEnd(34)}${least}${median}${most}`;
  });
  const head = `  ${'ms since the signal'.padEnd(34)}    min    p50    max`;
  return [`${title}, ${rounds.length} rounds`, head, ...lines, ''].join('\n');
}
