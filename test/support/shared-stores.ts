import type { HedgeModuleOptions } from '../../src/index.js';
import {
  createDatabase,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from './spanner-emulator.js';
import { freshFile, removeFile } from './sqlite-file.js';

/** A store that processes share. */
export interface SharedStore {
  readonly hedge: HedgeModuleOptions;
  readonly env: NodeJS.ProcessEnv;
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
    close: () => removeFile(file),
  };
}

/** Each store that is there to be tested, for `describe.each`. */
export const sharedStores: readonly { name: string; open: () => Promise<SharedStore> }[] = [
  { name: 'SQLite', open: openSqlite },
  ...(source ? [{ name: 'Spanner', open: openSpanner }] : []),
];
