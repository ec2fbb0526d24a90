import type { Database } from '@google-cloud/spanner';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../support/processes/command-line.process.js';
import { LEASE, SOON, startApp, type App } from '../support/apps/hedge.apps.js';
import {
  createDatabase,
  databaseHandle,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../support/emulators/spanner.emulator.js';
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

describe.skipIf(!findEmulator())('tables that apps in Go made', () => {
  /** As the originals ask for them. */
  const TABLES = [
    `CREATE TABLE locktable (name STRING(MAX) NOT NULL,
       heartbeat TIMESTAMP OPTIONS (allow_commit_timestamp=true),
       token TIMESTAMP OPTIONS (allow_commit_timestamp=true), writer STRING(MAX)) PRIMARY KEY (name)`,
    `CREATE TABLE logtable (id STRING(MAX), key STRING(MAX), value STRING(MAX), leader STRING(MAX),
       timestamp TIMESTAMP OPTIONS (allow_commit_timestamp=true)) PRIMARY KEY (key, id)`,
  ];
  let emulator: SpannerEmulator;
  let name: string;
  let database: Database;
  let app: App | undefined;

  beforeAll(async () => {
    emulator = await startEmulator();
    name = await createDatabase(emulator, { tables: TABLES });
    database = databaseHandle(emulator, name);
    const [now, writer] = ['spanner.commit_timestamp()', '10.0.0.7:8080'];
    const lock = { name: 'hedge/spindle/lockname/orders', heartbeat: now, token: now, writer };
    await database.table('locktable').insert(lock);
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  afterAll(async () => {
    await database?.close();
    await emulator?.stop();
  });

  const run = (...args: string[]) =>
    runCommand([...args, '--database', name], {
      env: { SPANNER_EMULATOR_HOST: emulator.host, METADATA_SERVER_DETECTION: 'none' },
    });
  const start = async (lockName: string) => {
    const store = spannerStore(databaseHandle(emulator, name));
    app = await startApp({ store, lockName, leaseDuration: LEASE });
    await app.hedge.ready(SOON);
    return app.hedge;
  };

  it('serve as they are, and lack nothing but an index', async () => {
    const hedge = await start('orders-node');
    expect(hedge.isLeader()).toBe(true);
    await hedge.put('colour', 'blue');
    expect(await hedge.get('colour')).toMatchObject({ value: 'blue' });

    const { code, stdout } = await run('schema', '--apply');
    expect(code).toBe(0);
    expect(stdout).toContain('CREATE INDEX IF NOT EXISTS logtable_newest');
    expect(stdout).not.toContain('CREATE TABLE');
    expect(await hedge.get('colour')).toMatchObject({ value: 'blue' });
  });

  it('show a leader written in Go by its row', async () => {
    const { stdout } = await run('status', '--group', 'orders');
    expect(stdout).toMatch(
      /^Leader +10\.0\.0\.7:8080 by its lock row only \(a leader in Go has no other\)/m,
    );
  });

  it('would have two leaders under one lock name', async () => {
    // Nothing in the row says to a member in Node that somebody holds it.
    expect((await start('orders')).isLeader()).toBe(true);
  });
});
