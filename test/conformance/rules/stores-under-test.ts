import { beforeEach as beforeEachTest, test, type TestAPI } from 'vitest';
import type { HedgeStore } from '../../../src/store/index.js';

/** Two open stores over the same tables, which are empty when a test begins. */
export interface StoresUnderTest {
  store: HedgeStore;
  /** As another process has it; where a store has no other processes, the same. */
  peer: HedgeStore;
}

/** A test of a rule: it gets {@link StoresUnderTest}. */
export const it = test as TestAPI<StoresUnderTest>;

export const beforeEach = beforeEachTest<StoresUnderTest>;
