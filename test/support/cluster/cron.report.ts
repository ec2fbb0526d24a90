import type { LogEntry } from '../../../src/index.js';
import type { MemberProcess } from './member.process.js';
import { ledIntervals } from '../records/recorded.invariants.js';
import { machineTime } from '../time/machine.time.js';

/** ms by which a clock may be ahead, and so a slot early, and for which a run may go on. */
const AROUND = 1_000;

/** What must hold of a cron of every second, by what its members noted and put. */
export interface CronReport {
  /** Slots in ms since 1970. */
  readonly runs: readonly number[];
  /** Slots that were run twice, by the members' word or by the log. */
  readonly twice: readonly number[];
  /** Slots that were put and never run. */
  readonly unheard: readonly number[];
  /** How many slots had one leader from well before to well after. */
  readonly led: number;
  /** Those of them that were not run. */
  readonly missed: readonly number[];
  /** Slots whose run was told to be interrupted. */
  readonly interrupted: readonly number[];
  /** Runs that were cut short by a kill, and that nobody told of. */
  readonly untold: readonly number[];
}

export function reportCrons(
  members: readonly MemberProcess[],
  entries: readonly LogEntry[],
): CronReport {
  const slotsOf = (type: 'cron-began' | 'cron-ended' | 'cron-interrupted') =>
    members.flatMap(({ records }) => records.eventsOf(type).map(({ slot }) => slot));
  const runs = slotsOf('cron-began').toSorted((a, b) => a - b);
  const put = entries.map(({ value }) => Number(value));
  const interrupted = slotsOf('cron-interrupted');
  const [began, ended] = [new Set(runs), new Set(slotsOf('cron-ended'))];
  const led = ledSlots(members);
  const newest = runs.at(-1) ?? 0;
  return {
    runs,
    twice: [...repeatedIn(runs), ...repeatedIn(put), ...repeatedIn(interrupted)],
    unheard: put.filter((slot) => !began.has(slot)),
    led: led.length,
    missed: led.filter((slot) => slot < newest && !began.has(slot)),
    interrupted,
    // The newest may still be told of.
    untold: runs.filter((slot) => slot < newest && !ended.has(slot) && !interrupted.includes(slot)),
  };
}

/** The slots at which one member led from well before to well after, and was not busy with the one before. */
function ledSlots(members: readonly MemberProcess[]): number[] {
  const offset = Date.now() - Number(machineTime()) / 1e6;
  const wall = (at: bigint) => Number(at) / 1e6 + offset;
  return ledIntervals(members).flatMap(({ member, from, to }) => {
    const { records } = members.find(({ name }) => name === member)!;
    const still = records.eventsOf('stood-still').map(({ at }) => wall(at));
    const slots: number[] = [];
    const first = Math.ceil((wall(from) + AROUND) / 1_000) * 1_000;
    for (let slot = first; slot < wall(to) - AROUND; slot += 1_000) {
      if (!still.some((at) => Math.abs(at - slot) < 3 * AROUND)) slots.push(slot);
    }
    return slots;
  });
}

function repeatedIn(slots: readonly number[]): number[] {
  return slots.filter((slot, index) => slots.indexOf(slot) !== index);
}
