import type { HedgeModuleOptions } from '../../../src/index.js';
import type { HedgeStore } from '../../../src/store/index.js';
import { spannerStore } from '../../../src/store/spanner/index.js';
import { sqliteStore } from '../../../src/store/sqlite/index.js';
import {
  createDatabase,
  databaseHandle,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../emulators/spanner.emulator.js';
import { freshFile, removeFile } from './database.file.js';

/** One store that the members of a test share. */
export interface StorePlace {
  /** What tests look at the rows with, and change them by hand. */
  readonly store: HedgeStore;
  /** The options that lead one more member here. */
  nextMember(): HedgeModuleOptions;
  remove(): Promise<void>;
}

/** A kind of store that tests are repeated on. */
export interface StoreKind {
  readonly name: string;
  readonly isAvailable: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** A fresh, empty one. */
  makePlace(): Promise<StorePlace>;
}

const OPEN = { timeout: 20_000 };
const nothing = () => Promise.resolve();

/** One object that all members of the process share. */
export const MEMORY: StoreKind = {
  name: 'SQLite in memory',
  isAvailable: true,
  start: nothing,
  stop: nothing,
  async makePlace() {
    const store = sqliteStore(':memory:');
    await store.open(OPEN);
    return { store, nextMember: () => ({ store }), remove: () => store.close() };
  },
};

const FILE: StoreKind = {
  name: 'SQLite on a file',
  isAvailable: true,
  start: nothing,
  stop: nothing,
  async makePlace() {
    const file = await freshFile();
    const store = sqliteStore(file);
    await store.open(OPEN);
    return {
      store,
      nextMember: () => ({ database: `sqlite:${file}` }),
      async remove() {
        await store.close();
        await removeFile(file);
      },
    };
  },
};

let emulator: SpannerEmulator | undefined;

const SPANNER: StoreKind = {
  name: 'Spanner',
  isAvailable: findEmulator() !== undefined,
  async start() {
    // EMULATOR_FAULTS=1 makes the emulator abort a part of the commits.
    emulator = await startEmulator({ faultInjection: process.env['EMULATOR_FAULTS'] === '1' });
  },
  async stop() {
    await emulator?.stop();
  },
  async makePlace() {
    const running = emulator!;
    const database = await createDatabase(running, { tables: true });
    const stores: HedgeStore[] = [];
    const next = () => {
      const store = spannerStore(databaseHandle(running, database));
      stores.push(store);
      return store;
    };
    const store = next();
    await store.open(OPEN);
    return {
      store,
      nextMember: () => ({ store: next() }),
      async remove() {
        await Promise.all(stores.map((made) => made.close()));
      },
    };
  },
};

export const STORE_KINDS = [MEMORY, FILE, SPANNER];
