/** `npm run bench`: what the library costs beside what it is built on, in one table. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientTCP } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { v7 as uuidv7 } from 'uuid';
import { HedgeModule, HedgeService, type HedgeStore } from '../../src/index.js';
import { spannerStore } from '../../src/store/spanner/index.js';
import type { Mutation } from '../../src/store/mutation.js';
import { sqliteStore } from '../../src/store/sqlite/index.js';
import {
  createDatabase,
  findEmulator,
  startEmulator,
} from '../support/emulators/spanner.emulator.js';
import { freshFile } from '../support/stores/database.file.js';
import { delayedProxy } from './delayed.proxy.js';
import { benchLocks } from './locks.bench.js';
import { benchMembers } from './members.bench.js';
import { costOf, inTurns, latency, throughput, type Pair } from './measure.js';

const IN_FLIGHT = 64;
/** Entries are spread over so many keys. */
const KEYS = 10;
const TEXT = 'x'.repeat(100);
const CALL = { timeout: 20_000 };

interface Row extends Pair {
  readonly what: string;
  readonly unit: string;
  readonly target: string;
  readonly isMet: boolean;
}

const rows: Row[] = [];

function report(what: string, unit: string, pair: Pair, target: string, isMet: boolean): void {
  rows.push({ what, unit, ...pair, target, isMet });
  process.stderr.write(`${what}: done\n`);
}

/** This process as a member that never leads; on a database of its own it may. */
async function join(database: string, candidate: boolean, secret?: string) {
  const address = '127.0.0.1:0';
  @Module({
    imports: [HedgeModule.forRoot({ database, candidate, secret, lockName: 'bench', address })],
  })
  class MemberModule {}
  const app = await NestFactory.createApplicationContext(MemberModule, { logger: ['error'] });
  app.enableShutdownHooks();
  const hedge = app.get(HedgeService);
  await hedge.ready();
  return { hedge, close: () => app.close() };
}

/** A leader in another process, and this one as its follower. */
async function withFollower(
  database: string,
  run: (hedge: HedgeService, barePort: number) => Promise<void>,
  secret?: string,
): Promise<void> {
  const leader = fork(fileURLToPath(new URL('./leader.app.js', import.meta.url)), {
    env: { ...process.env, DATABASE: database, SECRET: secret },
    execArgv: process.env['PROFILE']
      ? ['--cpu-prof', '--cpu-prof-dir', process.env['PROFILE']]
      : [],
  });
  const [{ barePort }] = await once(leader, 'message');
  const follower = await join(database, false, secret);
  try {
    await run(follower.hedge, barePort);
  } finally {
    await follower.close();
    const ended = once(leader, 'exit');
    leader.kill('SIGTERM');
    await ended;
  }
}

async function benchIsLeader(): Promise<void> {
  const { hedge, close } = await join('sqlite::memory:', true);
  const flag = { isSet: true };
  const read = () => flag.isSet;
  const pair = await inTurns(
    9,
    () => costOf(read, 2_000_000),
    () => costOf(() => hedge.isLeader(), 2_000_000),
  );
  await close();
  report('isLeader() / a function call', 'ns', pair, '< 1,000 ns', pair.subject < 1_000);
}

async function benchSend(database: string): Promise<void> {
  await withFollower(database, async (hedge, barePort) => {
    const client = new ClientTCP({ host: '127.0.0.1', port: barePort });
    const bare = () => firstValueFrom(client.send('echo', TEXT));
    const send = () => hedge.send('echo', TEXT);
    for (const call of [bare, send]) await throughput(call, 10_000, IN_FLIGHT);
    const p50 = await inTurns(
      15,
      () => latency(bare, 2_000),
      () => latency(send, 2_000),
    );
    report('send / bare ClientTCP, one at a time, p50', 'µs', p50, '≤ 1.3 ×', p50.ratio <= 1.3);
    const rate = await inTurns(
      15,
      () => throughput(bare, 20_000, IN_FLIGHT),
      () => throughput(send, 20_000, IN_FLIGHT),
    );
    report('send / bare ClientTCP, 64 in flight', '/s', rate, '≥ 0.8 ×', rate.ratio >= 0.8);
    client.close();
  });
}

/** Two groups at once, so that a noisy machine is unfair to both. */
async function benchSecret(plainDatabase: string, securedDatabase: string): Promise<void> {
  await withFollower(plainDatabase, (plain) =>
    withFollower(securedDatabase, (secured) => compareSends(plain, secured), 'of the bench only'),
  );
}

async function compareSends(plain: HedgeService, secured: HedgeService): Promise<void> {
  const [bare, encrypted] = [plain, secured].map((hedge) => () => hedge.send('echo', TEXT));
  for (const call of [bare, encrypted]) await throughput(call, 10_000, IN_FLIGHT);
  const rate = await inTurns(
    15,
    () => throughput(bare, 20_000, IN_FLIGHT),
    () => throughput(encrypted, 20_000, IN_FLIGHT),
  );
  const what = 'send with a secret / without, 64 in flight';
  report(what, '/s', rate, '≥ 0.8 ×', rate.ratio >= 0.8);
}

/**
 * Ours from a follower, against what the leader would do without group commit, from right beside the store. And
 * against the store alone, given batches ready-made: no way of putting could be faster.
 */
async function benchPut(name: string, database: string, store: HedgeStore, scale: number) {
  await store.open(CALL);
  const commit = await fencedCommits(store);
  await withFollower(database, async (hedge) => {
    let n = 0;
    const put = () => hedge.put(`key-${n++ % KEYS}`, TEXT);
    const ones = await inTurns(
      7,
      () => throughput(() => commit(1), 10 * scale, 1),
      () => throughput(put, 200 * scale, IN_FLIGHT),
    );
    const inFlight = `put, ${IN_FLIGHT} in flight, ${name}`;
    report(`${inFlight} / fenced commits one at a time`, '/s', ones, '≥ 10 ×', ones.ratio >= 10);
    const batches = await inTurns(
      5,
      async () => IN_FLIGHT * (await throughput(() => commit(IN_FLIGHT), 3 * scale, 1)),
      () => throughput(put, 200 * scale, IN_FLIGHT),
    );
    report(`${inFlight} / the store alone, ${IN_FLIGHT} a commit`, '/s', batches, '', true);
  });
  await store.close();
}

/** @returns a function that writes what the leader writes for a batch of so many puts */
async function fencedCommits(store: HedgeStore) {
  const [lock, fence, session] = ['lock', 'lock#fence', 'session'].map((row) => `bench/${row}`);
  for (const name of [lock, fence, session]) {
    const row = { table: 'lock', op: 'upsert', name, writer: 'bench' } as const;
    await store.commit([{ ...row, heartbeat: 'now', token: 'now' }], CALL);
  }
  let n = 0;
  return (size: number) => {
    const entries = Array.from({ length: size }, (): Mutation => {
      const key = `direct-${n++ % KEYS}`;
      return { table: 'log', op: 'insert', id: uuidv7(), key, value: TEXT, leader: 'bench' };
    });
    const guards: Mutation[] = [
      { table: 'lock', op: 'update', name: fence, writer: 'bench' },
      { table: 'lock', op: 'update', name: session, heartbeat: 'now' },
      { table: 'lock', op: 'update', name: lock, heartbeat: 'now' },
    ];
    return store.commit([...guards, ...entries], CALL);
  };
}

async function reportLocks(name: string, store: HedgeStore, count: number): Promise<void> {
  const { uncontended, handOver } = await benchLocks(store, count);
  const bare = `the two commits, p50, ${name}`;
  report(`acquire and release / ${bare}`, 'µs', uncontended, '≤ 3 ×', uncontended.ratio <= 3);
  report(`hand-over to the next in line / ${bare}`, 'µs', handOver, '≤ 3 ×', handOver.ratio <= 3);
}

/** Each time on a fresh emulator, beside this process and some way off. */
async function onSpanner(bench: (name: string, database: string) => Promise<void>): Promise<void> {
  // A fresh one for each: it slows down with what is in it.
  for (const delay of [0, 3]) {
    const emulator = await startEmulator();
    const link = await delayedProxy(emulator.host, delay);
    const database = await createDatabase(emulator, { tables: true });
    process.env['SPANNER_EMULATOR_HOST'] = delay > 0 ? link.host : emulator.host;
    const where = delay > 0 ? `, ${2 * delay} ms away` : '';
    await bench(`Spanner emulator${where}`, database);
    delete process.env['SPANNER_EMULATOR_HOST'];
    link.close();
    await emulator.stop();
  }
}

function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

function print(): void {
  const table = rows.map(({ what, unit, baseline, subject, ratio, target, isMet }) => [
    what,
    `${figure(subject)} ${unit}`,
    `${figure(baseline)} ${unit}`,
    `${figure(ratio)} ×`,
    target,
    target && (isMet ? 'met' : 'MISSED'),
  ]);
  const lines = [['what / baseline', 'ours', 'baseline', 'ratio', 'target', ''], ...table];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  for (const line of lines) {
    const cells = line.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]),
    );
    process.stdout.write(`${cells.join('  ')}\n`);
  }
}

const only = process.argv[2];
const file = await freshFile();
const secondFile = await freshFile();
const lockFile = await freshFile();
try {
  if (!only || only === 'isLeader') await benchIsLeader();
  if (!only || only === 'send') await benchSend(`sqlite:${file}`);
  if (!only || only === 'secret') await benchSecret(`sqlite:${file}`, `sqlite:${secondFile}`);
  if (!only || only === 'put') {
    await benchPut('SQLite file', `sqlite:${file}`, sqliteStore(file), 30);
    if (findEmulator()) {
      await onSpanner((name, database) => benchPut(name, database, spannerStore(database), 5));
    }
  }
  if (!only || only === 'locks') {
    await reportLocks('SQLite file', sqliteStore(lockFile), 200);
    if (findEmulator()) {
      await onSpanner((name, database) => reportLocks(name, spannerStore(database), 50));
    }
  }
  if (!only || only === 'members') await benchMembers();
} finally {
  for (const used of [file, secondFile, lockFile])
    await rm(dirname(used), { recursive: true, force: true });
}
if (rows.length > 0) print();
