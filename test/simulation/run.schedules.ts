import { NO_MUTANT, type Mutant } from './mutants.js';
import { SeededRandom } from '../support/simulated/seeded.random.js';
import { Simulation, type ScheduleReport } from './simulation.js';

export interface Failure {
  readonly seed: number;
  /** How many schedules it took. */
  readonly after: number;
  readonly error: unknown;
}

/** One schedule. Jitter that no parameter reaches is decided by the seed, too. */
export async function runSchedule(
  seed: number,
  mutant = NO_MUTANT,
  trace?: (line: string) => void,
): Promise<ScheduleReport> {
  const { random } = Math;
  const { stackTraceLimit } = Error;
  Math.random = new SeededRandom(seed ^ 0x5eed).next;
  // Most errors here are expected, and a stack takes longer than what it is about.
  Error.stackTraceLimit = 0;
  try {
    return await new Simulation(seed, mutant, trace).run();
  } finally {
    Math.random = random;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Schedules of one seed after the other, until one fails. */
export async function firstFailure(
  from: number,
  count: number,
  mutant: Mutant = NO_MUTANT,
  report: (schedule: ScheduleReport) => void = () => undefined,
): Promise<Failure | undefined> {
  for (let seed = from; seed < from + count; seed++) {
    try {
      report(await runSchedule(seed, mutant));
    } catch (error) {
      return { seed, after: seed - from + 1, error };
    }
  }
  return undefined;
}
