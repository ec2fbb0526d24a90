import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import {
  HedgeModule,
  HedgeService,
  LockService,
  type HedgeStore,
  type Lock,
} from '../../src/index.js';
import type { Mutation } from '../../src/store/mutation.js';
import { inTurns, latency, median, type Pair } from './measure.js';

const CALL = { timeout: 20_000 };

/** What locks cost beside the commits that they are made of, on one store: each from the same client, in the same run. */
export async function benchLocks(store: HedgeStore, count: number): Promise<Record<string, Pair>> {
  await store.open(CALL);
  const leader = await start(store);
  const others = [await start(store), await start(store)];
  const [locks, rival] = others.map((app) => app.get(LockService));
  const bare = bareCommits(store);
  const commits = () => latency(bare, count);
  const free = async () => (await locks.acquire('free')).release();
  const uncontended = await inTurns(7, commits, () => latency(free, count));
  const handOver = await inTurns(7, commits, () => handOvers([locks, rival], count));
  for (const app of [...others, leader]) await app.close();
  await store.close();
  return { uncontended, handOver };
}

async function start(store: HedgeStore) {
  const options = { store, lockName: 'bench', address: '127.0.0.1:0' };
  @Module({ imports: [HedgeModule.forRoot(options)] })
  class MemberModule {}
  const app = await NestFactory.createApplicationContext(MemberModule, { logger: ['error'] });
  app.enableShutdownHooks();
  await app.get(HedgeService).ready();
  return app;
}

/** µs from the call by which one member gives a lock back until the other has it, a third one leading: the median. */
async function handOvers(members: LockService[], count: number): Promise<number> {
  const times: number[] = [];
  let held: Lock = await members[0].acquire('wanted');
  for (let i = 1; i <= count; i++) {
    const waiter = members[i % 2];
    const next = waiter.acquire('wanted', CALL);
    // It is in line by then, or has asked the store in vain.
    await bareTurn(waiter);
    const from = performance.now();
    void held.release();
    held = await next;
    times.push(performance.now() - from);
  }
  await held.release();
  return median(times) * 1_000;
}

/** As long as an acquire and a release take, a lock that nobody else wants. */
async function bareTurn(locks: LockService): Promise<void> {
  await (await locks.acquire('other')).release();
}

/** Writes what an acquire and a release write, and decides nothing. */
function bareCommits(store: HedgeStore): () => Promise<unknown> {
  const [lock, fence, session] = ['lock', 'lock#fence', 'session'].map((row) => `bench/${row}`);
  const acquire: Mutation[] = [lock, fence, session].map((name) => ({
    table: 'lock',
    op: 'upsert',
    name,
    writer: 'bench',
    heartbeat: 'now',
    token: 'now',
  }));
  const release: Mutation[] = [
    { table: 'lock', op: 'update', name: fence, writer: 'bench' },
    { table: 'lock', op: 'delete', name: fence },
    { table: 'lock', op: 'delete', name: lock },
  ];
  return async () => {
    await store.transact(
      { names: [lock, fence, session] },
      () => ({ result: 0, mutations: acquire }),
      CALL,
    );
    await store.commit(release, CALL);
  };
}
