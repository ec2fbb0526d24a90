import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GroupStatus } from '../../src/cli/status/group.status.js';
import {
  runCommand,
  runHere,
  startCommand,
  type CommandResult,
} from '../support/processes/command-line.process.js';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import type { ContestOptions } from '../support/member-app/member.contest.js';
import {
  noOwnEmulator,
  openSpanner,
  sharedStores,
  type SharedStore,
  type SpannerSharedStore,
} from '../support/stores/cross-process.stores.js';
import { createDatabase } from '../support/emulators/spanner.emulator.js';
import { startTcpProxy } from '../support/network/tcp.proxy.js';

const LEASE = 1_000;
/** Of a session that is dead by the time of the leader's first sweep: the next one is a minute later. */
const LONG_DEAD = 'hedge/group/session/long-dead';
const FOR_GOOD = [600_000, 600_000] as const;
const LOCK: ContestOptions = { name: 'job', hold: FOR_GOOD, pause: [0, 0], timeout: 60_000 };

describe.each(sharedStores)('the command line beside a group on $name', ({ open }) => {
  let store: SharedStore;
  let cluster: Cluster;
  let leader: MemberProcess;
  let follower: MemberProcess;
  let dying: MemberProcess;

  beforeEach(async () => {
    store = await open();
    const { hedge, env } = store;
    await store.commit([
      { table: 'lock', op: 'insert', name: LONG_DEAD, writer: '1 127.0.0.1:1', heartbeat: 'now' },
    ]);
    cluster = new Cluster({ hedge: { ...hedge, leaseDuration: LEASE }, env });
    await cluster.start(3);
    const agreed = await cluster.agreed();
    leader = agreed.leader;
    [follower, dying] = agreed.followers;
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  const status = (...args: string[]) =>
    runHere(['status', ...args, '--database', store.hedge.database!], store.env);
  const look = async () => onlyGroup(await status('--json'));

  it('shows who leads, what is held by whom, and what the dead left', async () => {
    await follower.contend(LOCK);
    await dying.contend({ ...LOCK, name: 'other job' });
    await follower.call('takePermits', 3, 2);
    const [token] = await Promise.all(
      [follower, dying].map((member) =>
        until('it holds its lock', () => member.records.eventsOf('acquired')[0]?.token),
      ),
    );
    await until('the leader has swept', async () => !(await store.lockRows()).includes(LONG_DEAD));
    const { token: term } = await cluster.agreed();

    const before = await look();
    expect(before).toMatchObject({
      group: 'group',
      leader: { holder: leader.id, token: `${term}`, dead: false },
      lockRow: { writer: leader.id, token: `${term}` },
      deadRows: 0,
      otherRows: 0,
    });
    expect(before.leader?.since).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    expect(membersOf(before)).toEqual([leader.id, follower.id, dying.id].toSorted());
    for (const { leaseDuration, age, remaining } of before.sessions.rows) {
      expect(leaseDuration).toBe(LEASE);
      expect(age).toBeLessThan(LEASE);
      expect(remaining).toBeGreaterThan(0);
      expect(remaining).toBeLessThanOrEqual(LEASE + 300);
    }
    const job = { name: 'job', holder: follower.id, token: `${token}`, dead: false };
    expect(before.locks).toMatchObject({ total: 2, dead: 0, rows: [job, { name: 'other job' }] });
    const permit = { name: 's', limit: 3, holder: follower.id, dead: false };
    expect(before.permits).toMatchObject({ total: 2, dead: 0, rows: [permit, permit] });

    dying.signal('SIGKILL');
    const after = await until('its session is dead', async () => {
      const found = await look();
      return found.sessions.dead === 1 && found;
    });
    // Session, fence and lock.
    expect(after.deadRows).toBe(3);
    expect(after.leader?.holder).toBe(leader.id);
    expect(after.locks).toMatchObject({
      total: 2,
      dead: 1,
      rows: [job, { name: 'other job', holder: dying.id, dead: true, remaining: 0 }],
    });
    // Looking has swept nothing away, and left nothing behind.
    expect((await look()).deadRows).toBe(3);
    const rows = await store.lockRows();
    expect(rows.filter((name) => name.startsWith('hedge/group/session/'))).toHaveLength(3);

    const args = ['status', '--group', 'group', '--database', store.hedge.database!];
    const { code, stdout, stderr } = await runCommand(args, { env: store.env });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      new RegExp(`^Leader +${leader.id} since .*, token ${term}, .* left$`, 'm'),
    );
    expect(stdout).toMatch(/^Sessions +3 \(1 dead\)$/m);
    expect(stdout).toMatch(new RegExp(`^other job +${dying.id} .* dead$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^s +3 +${follower.id} `, 'm'));
    expect(stdout).not.toContain('\u001b');
  });

  it('shows that nobody leads when the leader was killed, and when all have closed', async () => {
    for (const member of [follower, dying]) await member.close();
    leader.signal('SIGKILL');
    const expired = await until('its term is over', async () => {
      const found = await look();
      return found.leader?.dead && found;
    });
    expect(expired.leader).toMatchObject({ holder: leader.id, remaining: 0 });
    const { stdout } = await status();
    expect(stdout).toMatch(new RegExp(`^Leader +none, the term of ${leader.id} is over$`, 'm'));

    await cluster.start(1);
    const [last] = cluster.running;
    await cluster.leader();
    await last.close();
    await last.exited;
    const closed = await look();
    expect(closed).toMatchObject({ leader: null, lockRow: { writer: last.id, age: null } });
    expect((await status()).stdout).toMatch(new RegExp(`none, released by ${last.id}`));
  });
});

describe.skipIf(noOwnEmulator)('the command line on Spanner', () => {
  let store: SpannerSharedStore;

  beforeEach(async () => {
    store = await openSpanner();
  });
  afterEach(() => store.close());

  const run = (...args: string[]) => runCommand(args, { env: store.env });
  const here = (...args: string[]) => runHere(args, store.env);

  it('creates what is missing, says what, and then nothing', async () => {
    const database = await createDatabase(store.emulator, { tables: false });
    const missing = await here('status', '--database', database);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(
      /^nestjs-hedge: [^\n]*no table locktable; there is no table logtable[^\n]*schema --apply[^\n]*\n$/,
    );

    const apply = ['schema', '--apply', '--database', database];
    const first = await run(...apply);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^Created in Spanner .*TABLE.* locktable .*TABLE.* logtable .*INDEX .* logtable_newest /s,
    );
    expect((await here(...apply)).stdout).toMatch(/^Nothing to create/);
    expect((await here('status', '--database', database)).stdout).toMatch(/^No group/);

    const partly = await here(...apply, '--lock-table', 'other', '--json');
    const { created } = JSON.parse(partly.stdout) as { created: string[] };
    expect(created).toEqual([expect.stringContaining('other')]);
  });

  it('says in one line that there is no such database', async () => {
    const database = store.hedge.database!.replace(/[^/]+$/, 'nope');
    for (const command of [['status'], ['schema', '--apply']]) {
      const result = await run(...command, '--database', database);
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toMatch(/^nestjs-hedge: There is no Spanner database 'nope'[^\n]*\n$/);
    }
  });

  it('ends at the end of its time when Spanner hangs, and at once by a signal', async () => {
    const args = ['status', '--database', store.hedge.database!];
    store.emulator.pause();
    const begun = performance.now();
    const late = await run(...args, '--timeout', '1500');
    expect(late).toMatchObject({ code: 1, stdout: '' });
    expect(late.stderr).toMatch(/did not answer within 1500 ms/);
    expect(performance.now() - begun).toBeLessThan(10_000);

    store.emulator.resume();

    const proxy = await startTcpProxy(store.emulator.host);
    proxy.blackhole();
    const env = { ...store.env, SPANNER_EMULATOR_HOST: proxy.host };
    const { process: child, result } = startCommand(args, { env });
    await until('it is connected', () => proxy.connections > 0);
    child.kill('SIGINT');
    expect(await result).toMatchObject({ code: null, signal: 'SIGINT', stdout: '', stderr: '' });
    await proxy.close();
  });
});

function onlyGroup({ code, stdout, stderr }: CommandResult): GroupStatus {
  expect([code, stderr]).toEqual([0, '']);
  const { groups } = JSON.parse(stdout) as { groups: GroupStatus[] };
  expect(groups).toHaveLength(1);
  return groups[0];
}

function membersOf({ sessions }: GroupStatus): string[] {
  return sessions.rows.map(({ address }) => address ?? '').toSorted();
}
