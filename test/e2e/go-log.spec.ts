import type { Database } from '@google-cloud/spanner';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LEASE, SOON, startApp, type App } from '../support/hedge-apps.js';
import {
  createDatabase,
  databaseHandle,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../support/spanner-emulator.js';
import { spannerStore } from '../../src/store/spanner/index.js';

/** What Go's hedge asks for the newest version of a key. */
const NEWEST = `SELECT key, value, leader FROM logtable
  WHERE key = @key AND timestamp IS NOT NULL ORDER BY timestamp DESC LIMIT 1`;

describe.skipIf(!findEmulator())('a log that apps in Go share', () => {
  let emulator: SpannerEmulator;
  let database: Database;
  let app: App;

  beforeAll(async () => {
    emulator = await startEmulator();
  });

  afterAll(() => emulator?.stop());

  beforeEach(async () => {
    const name = await createDatabase(emulator, { tables: true });
    database = databaseHandle(emulator, name);
    app = await startApp({
      store: spannerStore(databaseHandle(emulator, name)),
      lockName: 'node',
      leaseDuration: LEASE,
    });
    await app.hedge.ready(SOON);
  });

  afterEach(async () => {
    await app?.close();
    await database?.close();
  });

  /** As the original writes: the timestamp is that of the commit. */
  async function writeAsGo(id: string, value: string): Promise<void> {
    const leader = '10.0.0.7:8080';
    const timestamp = 'spanner.commit_timestamp()';
    await database.table('logtable').upsert({ id, key: 'colour', value, leader, timestamp });
  }

  async function readAsGo(key: string): Promise<object | undefined> {
    const [rows] = await database.run({ sql: NEWEST, params: { key }, json: true });
    return rows[0];
  }

  it('is read there as it is written here', async () => {
    expect(await readAsGo('colour')).toBeUndefined();
    for (const value of ['blue', 'teal']) {
      await app.hedge.put('colour', value);
      expect(await readAsGo('colour')).toEqual({ key: 'colour', value, leader: app.hedge.id });
    }
    // An entry that has no moment is no version, for either.
    await database.table('logtable').insert({ id: 'timeless', key: 'colour', value: 'none' });
    expect(await readAsGo('colour')).toMatchObject({ value: 'teal' });
    expect(await app.hedge.get('colour')).toMatchObject({ value: 'teal' });
  });

  it('is read here as it is written there, in one order with what is written here', async () => {
    await writeAsGo('6f1c1d5e-0000-4000-8000-000000000001', 'from Go');
    expect(await app.hedge.get('colour')).toMatchObject({
      id: '6f1c1d5e-0000-4000-8000-000000000001',
      value: 'from Go',
      leader: '10.0.0.7:8080',
    });
    await app.hedge.put('colour', 'from Node');
    await writeAsGo('6f1c1d5e-0000-4000-8000-000000000002', 'from Go again');

    const values = (await app.hedge.history('colour')).map(({ value }) => value);
    expect(values).toEqual(['from Go again', 'from Node', 'from Go']);
    expect(await readAsGo('colour')).toMatchObject({ value: 'from Go again' });
  });

  it('takes an entry that Go writes over as one that is newer', async () => {
    await writeAsGo('-', 'first');
    await app.hedge.put('colour', 'second');
    await writeAsGo('-', 'third');

    const values = (await app.hedge.history('colour')).map(({ value }) => value);
    expect(values).toEqual(['third', 'second']);
  });
});
