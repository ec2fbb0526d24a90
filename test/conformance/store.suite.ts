import { afterEach, describe } from 'vitest';
import type { HedgeStore } from '../../src/store/index.js';
import { commitRules } from './rules/commit.rules.js';
import { cronSlotRules } from './rules/cron-slot.rules.js';
import { lifecycleRules } from './rules/lifecycle.rules.js';
import { loadRules } from './rules/load.rules.js';
import { lockRowRules } from './rules/lock-row.rules.js';
import { logEntryRules } from './rules/log-entry.rules.js';
import { outcomeRules } from './rules/outcome.rules.js';
import { permitRules } from './rules/permit.rules.js';
import { transactionRules } from './rules/transaction.rules.js';
import { beforeEach, type StoresUnderTest } from './rules/stores-under-test.js';

/**
 * What every store has to do: each file of rules is about one subject.
 *
 * @param makeStore gives an open store over tables of its own that are empty; the suite closes it
 * @param makePeer gives another open store over the tables of that one, as another process has it
 */
export function storeConformance(
  name: string,
  makeStore: () => Promise<HedgeStore>,
  makePeer?: (store: HedgeStore) => Promise<HedgeStore>,
): void {
  describe(name, () => {
    beforeEach(async (stores) => {
      stores.store = await makeStore();
      stores.peer = makePeer ? await makePeer(stores.store) : stores.store;
    });

    afterEach<StoresUnderTest>(async ({ store, peer }) => {
      await peer.close();
      await store.close();
    });

    commitRules();
    lockRowRules();
    transactionRules();
    permitRules();
    cronSlotRules();
    logEntryRules();
    outcomeRules();
    loadRules();
    lifecycleRules();
  });
}
