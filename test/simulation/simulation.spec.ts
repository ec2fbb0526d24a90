import { describe, expect, it } from 'vitest';
import { firstFailure, runSchedule } from './run.schedules.js';

const SCHEDULES = Number(process.env.SIM_SCHEDULES ?? 300);
const SEED = Number(process.env.SIM_SEED ?? 1);
const REPLAY = process.env.SIM_REPLAY;

/** More of them: `SIM_SCHEDULES=20000`, and others: `SIM_SEED=5000`. */
describe.skipIf(REPLAY)('random schedules', () => {
  it('break no invariant', { timeout: 30_000 + 200 * SCHEDULES }, async () => {
    let terms = 0;
    const failure = await firstFailure(SEED, SCHEDULES, undefined, (report) => {
      terms += report.terms;
    });

    if (failure) {
      const replay = `SIM_REPLAY=${failure.seed} npx vitest run --project simulation`;
      const text = `Schedule ${failure.seed} broke an invariant. Watch it: ${replay}`;
      throw new Error(text, { cause: failure.error });
    }
    expect(terms).toBeGreaterThan(2 * SCHEDULES);
  });

  it('go the same way each time', async () => {
    expect(await runSchedule(SEED)).toEqual(await runSchedule(SEED));
  });
});

describe.runIf(REPLAY)('one schedule', () => {
  it('is replayed', { timeout: 30_000 }, async () => {
    await runSchedule(Number(REPLAY), undefined, print);
  });
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
