import { describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants.js';
import { firstFailure } from './run.schedules.js';

/** Every rule of the protocol earns its place: without it some schedule breaks an invariant. */
describe.skipIf(process.env.SIM_REPLAY)('a member that', () => {
  it.each(MUTANTS)('$name is caught ($rule)', { timeout: 60_000 }, async (mutant) => {
    const failure = await firstFailure(1, 400, mutant);

    expect(failure?.error).toMatchObject({ name: 'Violation' });
  });
});
