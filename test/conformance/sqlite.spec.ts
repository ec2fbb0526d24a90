import { afterAll } from 'vitest';
import type { HedgeStore } from '../../src/store/index.js';
import { sqliteStore } from '../../src/store/sqlite/index.js';
import { freshFile, removeFile } from '../support/stores/database.file.js';
import { storeConformance } from './store.suite.js';

const CALL = { timeout: 10_000 };
const files = new Map<HedgeStore, string>();

async function opened(file: string): Promise<HedgeStore> {
  const store = sqliteStore(file);
  await store.open(CALL);
  return store;
}

async function onFreshFile(): Promise<HedgeStore> {
  const file = await freshFile();
  const store = await opened(file);
  files.set(store, file);
  return store;
}

afterAll(async () => {
  await Promise.all([...files.values()].map(removeFile));
});

storeConformance('SQLite on a file', onFreshFile, (store) => opened(files.get(store) ?? ''));
storeConformance('SQLite in memory', () => opened(':memory:'));
