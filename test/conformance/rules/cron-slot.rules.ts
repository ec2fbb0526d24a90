import { describe, expect } from 'vitest';
import { decideClaim, decideEnd, type Claim } from '../../../src/schedule/claim.decision.js';
import type { HedgeStore } from '../../../src/store/index.js';
import { lock, update, remove } from './mutations.js';
import { commit, transact, names, failureOf } from './store.calls.js';
import { beforeEach, it } from './stores-under-test.js';

const CRON = 'hedge/g/cron/job';
const FENCE = 'hedge/spindle/lockname/g#1';
const SESSION = 'hedge/g/session/1';
const MINUTE = 60_000;

/** What the slots of a cron ask of a store. */
export function cronSlotRules(): void {
  describe('slots of a cron', () => {
    beforeEach(({ store }) => commit(store, [lock(FENCE), lock(SESSION)]));

    it('are each claimed by one of those that want it at a time', async ({ store, peer }) => {
      const claims = Array.from({ length: 12 }, (_, at) => claimOf(`${at}`, 1 + (at >> 2)));
      const answers = await Promise.all(
        claims.map((claim, at) => takeSlot(claim, at % 2 === 0 ? store : peer)),
      );

      const had = claims.filter((_, at) => answers[at].result.kind === 'claimed');
      const slots = had.map(({ state }) => state.slot);
      expect(new Set(slots).size).toBe(slots.length);
      expect(slots).toContain(3 * MINUTE);
      expect(answers.filter(({ result }) => result.kind === 'taken')).toHaveLength(
        claims.length - had.length,
      );
    });

    it('are known again by whoever claimed them, and ended once', async ({ store, peer }) => {
      const claim = claimOf('one', 1);
      const end = () => transact(store, { names: [CRON] }, (rows) => decideEnd(claim, rows));
      expect((await takeSlot(claim, store)).result.kind).toBe('claimed');
      expect(await takeSlot(claim, peer)).toEqual({ result: { kind: 'mine' } });
      expect(await end()).toEqual({ result: true, timestamp: expect.any(BigInt) as bigint });
      expect(await end()).toEqual({ result: true });
      expect((await takeSlot(claimOf('two', 1), peer)).result).toMatchObject({
        kind: 'taken',
        by: { state: 'done', claim: 'one', slot: MINUTE },
      });
      const { result } = await takeSlot(claimOf('two', 2), peer);
      expect(result).toMatchObject({ kind: 'claimed', before: { claim: 'one' } });
      expect(await end()).toEqual({ result: false });
    });

    it.for([FENCE, SESSION])('are nobody’s once %s is gone', async (gone, { store }) => {
      await commit(store, [remove(gone)]);
      expect(await failureOf(() => takeSlot(claimOf('one', 1), store))).toBe('row-missing');
      expect(await names(store, { names: [CRON] })).toEqual([]);
    });
  });
}

/** As a term claims a slot: with its fence and its session, which only the commit checks. */
function takeSlot(claim: Claim, store: HedgeStore) {
  return transact(store, { names: [CRON] }, (rows) => {
    const { result, mutations } = decideClaim(claim, rows);
    const guards = [update(FENCE), update(SESSION)];
    return { result, mutations: mutations.length > 0 ? [...guards, ...mutations] : [] };
  });
}

function claimOf(claim: string, minute: number): Claim {
  const slot = minute * MINUTE;
  const state = { slot, state: 'running', token: 1n, claim, member: 'a:1' } as const;
  return { row: CRON, state, catchesUp: false, next: (last) => last + MINUTE };
}
