import type { HedgeModuleOptions } from '../../../src/index.js';
import type { HedgeStore } from '../../../src/store/index.js';
import { spannerStore } from '../../../src/store/spanner/index.js';
import { sqliteStore } from '../../../src/store/sqlite/index.js';
import { FaultyStore, type Fault, type StoreMethod } from '../stores/faulty.store.js';
import { settings, type StoreFaults } from './member.settings.js';

const SQLITE = 'sqlite:';
let store: HedgeStore | undefined;

/** As given; where faults are asked for, the store is one that has them. */
export function hedgeOptions(): HedgeModuleOptions {
  const { hedge, faults } = settings;
  if (!faults) return hedge;
  const { database = '', ...options } = hedge;
  const faulty = new FaultyStore(openedAs(database));
  faulty.fault = (method) => chance(faults, method);
  store = faulty;
  return { ...options, store };
}

/** A store that was given ready-made is not closed with the app. */
export async function closeStore(): Promise<void> {
  await store?.close();
}

function openedAs(database: string): HedgeStore {
  return database.startsWith(SQLITE)
    ? sqliteStore(database.slice(SQLITE.length))
    : spannerStore(database);
}

function chance({ aborted, replyLost }: StoreFaults, method: StoreMethod): Fault | undefined {
  if (method !== 'commit' && method !== 'transact') return undefined;
  const drawn = Math.random();
  if (drawn < aborted) return 'aborted';
  return drawn < aborted + replyLost ? 'reply-lost' : undefined;
}
