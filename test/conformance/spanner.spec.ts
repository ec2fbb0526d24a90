import { afterAll, beforeAll, describe } from 'vitest';
import { spannerStore } from '../../src/store/spanner/index.js';
import type { HedgeStore } from '../../src/store/index.js';
import {
  createDatabase,
  databaseHandle,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../support/emulators/spanner.emulator.js';
import { storeConformance } from './store.suite.js';

const CALL = { timeout: 10_000 };

describe.skipIf(!findEmulator())('on the emulator', () => {
  let emulator: SpannerEmulator;
  const databases = new Map<HedgeStore, string>();

  beforeAll(async () => {
    emulator = await startEmulator();
  });

  afterAll(() => emulator?.stop());

  async function opened(database: string): Promise<HedgeStore> {
    const store = spannerStore(databaseHandle(emulator, database));
    await store.open(CALL);
    databases.set(store, database);
    return store;
  }

  storeConformance(
    'Spanner',
    async () => opened(await createDatabase(emulator, { tables: true })),
    (store) => opened(databases.get(store)!),
  );
});
