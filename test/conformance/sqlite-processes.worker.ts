import { setTimeout as delay } from 'node:timers/promises';
import Database from 'libsql';
import { StoreError } from '../../src/errors/index.js';
import { sqliteStore } from '../../src/store/sqlite/index.js';

/**
 * A process of its own on a database file:
 * - `count FILE NAME TIMES`: adds 1 to the row `count` and appends an entry in one transaction, `TIMES` times,
 *   and reports the id of each one that was acknowledged;
 * - `flip FILE`: writes a row and an entry together, deletes both together, and so on;
 * - `hold FILE`: writes in a transaction that it never ends.
 */
const [, , job, file = '', name = '', times = '0'] = process.argv;
const CALL = { timeout: 20_000 };

async function count(): Promise<void> {
  const store = sqliteStore(file);
  await store.open(CALL);
  for (let at = 0; at < Number(times); at++) {
    const id = `${name}-${at}`;
    await repeated(() =>
      store.transact(
        { names: ['count'] },
        ([found]) => {
          const next = Number(found?.writer ?? 0) + 1;
          return {
            result: next,
            mutations: [
              { table: 'lock', op: 'upsert', name: 'count', writer: String(next), token: 'now' },
              { table: 'log', op: 'insert', key: 'log', id, value: String(next), leader: name },
            ],
          };
        },
        CALL,
      ),
    );
    process.send?.(id);
  }
  await store.close();
  process.disconnect();
}

async function flip(): Promise<void> {
  const store = sqliteStore(file);
  await store.open(CALL);
  const entry = { table: 'log', key: 'log', id: 'flip' } as const;
  for (;;) {
    await repeated(() =>
      store.commit(
        [
          { table: 'lock', op: 'insert', name: 'flip' },
          { ...entry, op: 'insert', value: '', leader: '' },
        ],
        CALL,
      ),
    );
    process.send?.('flipped');
    await repeated(() =>
      store.commit(
        [
          { table: 'lock', op: 'delete', name: 'flip' },
          { ...entry, op: 'delete' },
        ],
        CALL,
      ),
    );
  }
}

async function repeated<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreError) || error.failure !== 'aborted') throw error;
    }
    await delay(Math.random() * 20);
  }
}

function hold(): void {
  const database = new Database(file, { timeout: 5_000 });
  database.exec('BEGIN IMMEDIATE');
  database.exec(`INSERT INTO locktable (name) VALUES ('torn')`);
  database.exec('DELETE FROM logtable');
  process.send?.('holding');
  // Keeps the process alive, and the database from the garbage collector.
  process.on('message', () => database.open);
}

if (job === 'hold') hold();
else if (job === 'flip') await flip();
else await count();
