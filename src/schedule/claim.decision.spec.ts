import { describe, expect, it } from 'vitest';
import type { LockRow } from '../store/index.js';
import { decideClaim, decideEnd, type Claim } from './claim.decision.js';
import { cronRow, formatCron, parseCron, type CronState } from '../table/index.js';

const MINUTE = 60_000;
const state: CronState & { state: 'running' } = {
  slot: 2 * MINUTE,
  state: 'running',
  token: 1_764_000_000_000_000_001n,
  claim: 'b',
  member: '[::1]:8080',
};
const claim: Claim = {
  row: cronRow('g', 'a job'),
  state,
  catchesUp: false,
  next: (slot) => slot + MINUTE,
};

function rowOf(writer: string): LockRow {
  return { name: claim.row, writer, token: undefined, age: undefined };
}

function kindAfter(before: Partial<CronState>, changed: Partial<Claim> = {}): string {
  const rows = [rowOf(formatCron({ ...state, claim: 'a', ...before }))];
  return decideClaim({ ...claim, ...changed }, rows).result.kind;
}

describe('a claim of a slot', () => {
  it('is had where an earlier one stands, or none', () => {
    expect(decideClaim(claim, []).result).toEqual({ kind: 'claimed', before: undefined });
    expect(kindAfter({ slot: MINUTE })).toBe('claimed');
    expect(kindAfter({ slot: MINUTE, state: 'done' })).toBe('claimed');
  });

  it('is not had where this one or a later one stands, whatever came of it', () => {
    expect(kindAfter({})).toBe('taken');
    expect(kindAfter({ state: 'done' })).toBe('taken');
    expect(kindAfter({ slot: 3 * MINUTE })).toBe('taken');
    // Whatever the expression makes of it.
    expect(kindAfter({}, { next: () => 0 })).toBe('taken');
  });

  it('is not had where the slot does not come after the one that stands', () => {
    expect(kindAfter({ slot: MINUTE }, { next: (slot) => slot + 2 * MINUTE })).toBe('taken');
  });

  it('knows its own', () => {
    expect(kindAfter({ claim: 'b' })).toBe('mine');
  });

  it.each([false, true])('is not had where the row is of a newer format', (catchesUp) => {
    const rows = [rowOf('v2 1970-01-01T00:00:00.000Z done 1 a b')];
    const answer = { result: { kind: 'newer', format: 2 }, mutations: [] };

    expect(decideClaim({ ...claim, catchesUp }, rows)).toEqual(answer);
    expect(decideEnd(claim, rows)).toEqual({ result: false, mutations: [] });
  });

  it('catches up with nothing where the cron never ran, and begins to count', () => {
    const { result, mutations } = decideClaim({ ...claim, catchesUp: true }, []);
    expect(result).toEqual({ kind: 'begun' });
    const writer = formatCron({ ...state, state: 'done' });
    expect(mutations).toEqual([{ table: 'lock', op: 'upsert', name: claim.row, writer }]);
    const repeated = decideClaim({ ...claim, catchesUp: true }, [rowOf(writer)]);
    expect(repeated).toEqual({ result: { kind: 'begun' }, mutations: [] });
  });

  it('is written as text that people can read, and read again', () => {
    const writer = formatCron(state);
    expect(writer).toBe('1970-01-01T00:02:00.000Z running 1764000000000000001 b [::1]:8080');
    expect(parseCron({ writer })).toEqual(state);
    expect(claim.row).toBe('hedge/g/cron/a job');
  });

  it.each(['', 'x', 'never running 1 a b', '1970-01-01T00:02:00.000Z ran 1 a b'])(
    'reads nothing in %j',
    (writer) => {
      expect(parseCron({ writer })).toBeUndefined();
    },
  );
});
