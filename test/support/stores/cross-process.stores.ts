import type { HedgeModuleOptions } from '../../../src/index.js';
import {
  createDatabase,
  databaseHandle,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../emulators/spanner.emulator.js';
import type { HedgeStore, Mutation } from '../../../src/store/index.js';
import { spannerStore } from '../../../src/store/spanner/index.js';
import { sqliteStore } from '../../../src/store/sqlite/index.js';
import { freshFile, removeFile } from './database.file.js';

/** A store that processes share. */
export interface SharedStore {
  readonly hedge: HedgeModuleOptions;
  readonly env: NodeJS.ProcessEnv;
  /** The names of all rows of the lock table. */
  lockRows(): Promise<string[]>;
  /** Writes to it by hand. */
  commit(mutations: readonly Mutation[]): Promise<void>;
  close(): Promise<void>;
}

export interface SpannerSharedStore extends SharedStore {
  readonly emulator: SpannerEmulator;
  /** Instance, database and tables, again. */
  createDatabase(): Promise<void>;
}

/** Looked for once: without one it says so, and with `CI=true` it throws. */
const source = findEmulator();

/** For `describe.skipIf`: there is an emulator, and its process is ours to stop and start. */
export const noOwnEmulator = source?.kind !== 'binary';

export async function openSpanner(
  options: { faultInjection?: boolean } = {},
): Promise<SpannerSharedStore> {
  const emulator = await startEmulator(options);
  const database = await createDatabase(emulator, { tables: true });
  return {
    hedge: { database, lockName: 'group' },
    env: { SPANNER_EMULATOR_HOST: emulator.host, METADATA_SERVER_DETECTION: 'none' },
    emulator,
    ...access(() => spannerStore(databaseHandle(emulator, database))),
    createDatabase: async () => {
      await createDatabase(emulator, { tables: true, name: database.split('/').at(-1) });
    },
    close: () => emulator.stop(),
  };
}

export async function openSqlite(): Promise<SharedStore> {
  const file = await freshFile();
  return {
    hedge: { database: `sqlite:${file}`, lockName: 'group' },
    env: {},
    ...access(() => sqliteStore(file)),
    close: () => removeFile(file),
  };
}

const CALL = { timeout: 20_000 };

/** Each time by a store of its own. */
function access(make: () => HedgeStore): Pick<SharedStore, 'lockRows' | 'commit'> {
  const using = async <T>(work: (store: HedgeStore) => Promise<T>) => {
    const store = make();
    await store.open(CALL);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  return {
    lockRows: () =>
      using(async (store) => {
        const rows = await store.rows({ range: { from: '', to: '\u{10ffff}' } }, CALL);
        return rows.map(({ name }) => name);
      }),
    commit: (mutations) =>
      using(async (store) => {
        await store.commit(mutations, CALL);
      }),
  };
}

/** Each store that is there to be tested, for `describe.each`. */
export const sharedStores: readonly { name: string; open: () => Promise<SharedStore> }[] = [
  { name: 'SQLite', open: openSqlite },
  ...(source ? [{ name: 'Spanner', open: openSpanner }] : []),
];
