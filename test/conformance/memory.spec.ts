import { MemoryStore } from '../../src/testing/memory.store.js';
import { MemoryTables } from '../../src/testing/memory.tables.js';
import type { HedgeStore } from '../../src/store/index.js';
import { storeConformance } from './store.suite.js';

const CALL = { timeout: 10_000 };
const tablesOf = new Map<HedgeStore, MemoryTables>();

async function over(tables: MemoryTables): Promise<HedgeStore> {
  const store = new MemoryStore(tables, 'a');
  tablesOf.set(store, tables);
  await store.open(CALL);
  return store;
}

const now = () => performance.timeOrigin + performance.now();

storeConformance(
  'the store in memory of specs',
  () => over(new MemoryTables(now)),
  (store) => over(tablesOf.get(store) ?? new MemoryTables(now)),
);
