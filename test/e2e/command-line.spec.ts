import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore } from '../../src/store/sqlite/index.js';
import type { GroupStatus } from '../../src/cli/status/group.status.js';
import {
  runCommand,
  runHere,
  shellCommand,
  startCommand,
  startProgram,
  type CommandResult,
} from '../support/processes/command-line.process.js';
import { until } from '../support/time/until.js';
import { freshFile, removeFile } from '../support/stores/database.file.js';

const CALL = { timeout: 20_000 };
/** Whoever this is, it is not the owner of what the tests make. */
const NOBODY = 65_534;

let file: string;
let database: string;

beforeEach(async () => {
  file = await freshFile();
  database = `sqlite:${file}`;
});
afterEach(() => removeFile(file));

describe('wrong arguments', () => {
  it.each([
    ['nothing at all', ''],
    ['an unknown command', 'nope'],
    ['an unknown option', 'status --database sqlite:a --frob'],
    ['a word too many', 'status orders --database sqlite:a'],
    ['no database', 'status'],
    ['an option without its value', 'status --database'],
    ['a database of no known kind', 'status --database mysql://a'],
    ['half a Spanner database', 'status --database projects/p/instances/i'],
    ['a database in memory', 'status --database sqlite::memory:'],
    ['a group with a slash', 'status --database sqlite:a --group a/b'],
    ['a limit of none', 'status --database sqlite:a --limit 0'],
    ['a limit that is no number', 'status --database sqlite:a --limit 1e3'],
    ['a limit below zero', 'status --database sqlite:a --limit=-1'],
    ['a timeout of none', 'status --database sqlite:a --timeout 0'],
    ['a timeout beyond what timers take', 'status --database sqlite:a --timeout 9999999999'],
    ['a table name that is none', 'status --database sqlite:a --lock-table 1;drop'],
    ['one table for both', 'schema --lock-table a --log-table A'],
    ['nowhere to create the tables', 'schema --apply'],
    ['a database to create nothing in', 'schema --database mysql://a'],
  ])('%s: exit code 2, and the usage on stderr', async (_what, line) => {
    const { code, stdout, stderr } = await runHere(line.split(' ').filter(Boolean));
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: nestjs-hedge');
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe('');
  });

  it('are also those of the environment', async () => {
    const result = await runCommand(['status'], { env: { HEDGE_DATABASE: 'mysql://a' } });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('HEDGE_DATABASE');
  });

  it.each(['--help', 'help', 'status --help', 'help schema', '--version'])(
    '%s is none',
    async (line) => {
      const { code, stdout, stderr } = await runHere(line.split(' '));
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(line === '--version' ? /^\d+\.\d+\.\d+\n$/ : /Usage: nestjs-hedge/);
    },
  );
});

describe('what fails', () => {
  it('says so in one line: a file that is not there, and is not made', async () => {
    for (const line of ['status', 'schema --apply']) {
      const result = await runCommand([...line.split(' '), '--database', database]);
      expect(failure(result)).toContain(`no database file '${file}'`);
    }
    expect(existsSync(file)).toBe(false);
  });

  it('says so: a folder', async () => {
    mkdirSync(file);
    expect(failure(await runHere(['status', '--database', database]))).toContain(file);
  });

  it('says so: a file of another kind', async () => {
    writeFileSync(file, 'This is no database, however long one looks at it.'.repeat(100));
    const result = await runHere(['status', '--database', database]);
    expect(failure(result)).toContain('is not an SQLite database');
  });

  it('says so: no tables, and makes none', async () => {
    emptyDatabase();
    const result = await runHere(['status', '--database', database]);
    expect(failure(result)).toMatch(/no table locktable and no table logtable.*schema --apply/);
    expect(tables()).toEqual([]);
  });

  it('says so: tables of another make', async () => {
    const db = emptyDatabase();
    db.exec('CREATE TABLE locktable (a)');
    db.exec('CREATE TABLE logtable (a)');
    const result = await runHere(['status', '--database', database]);
    expect(failure(result)).toContain('are not the tables of this library');
  });

  it('says so: a file that another process keeps to itself, at the end of its time', async () => {
    const db = emptyDatabase();
    db.exec('PRAGMA journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
    const args = ['status', '--database', database, '--timeout', '300'];
    expect(failure(await runHere(args))).toContain('300 ms');
  });

  it('does so also when it is interrupted, by the signal', async () => {
    const db = emptyDatabase();
    db.exec('PRAGMA journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
    const { process: child, result } = startCommand(['status', '--database', database]);
    // It has read the library, and waits for the file.
    await until('it has opened the file', () => openFiles(child.pid!).includes(file));
    child.kill('SIGINT');
    expect(await result).toMatchObject({ code: null, signal: 'SIGINT', stderr: '' });
  });

  it('says so: a Spanner that is not there', async () => {
    const env = { SPANNER_EMULATOR_HOST: '127.0.0.1:9' };
    const spanner = 'projects/p/instances/i/databases/d';
    const args = ['status', '--database', spanner, '--timeout', '3000'];
    expect(failure(await runCommand(args, { env }))).toContain(spanner);
  });
});

describe('schema', () => {
  it('prints statements that a database takes', async () => {
    const { code, stdout } = await runCommand(['schema', '--database', database]);
    expect(code).toBe(0);
    emptyDatabase().exec(stdout);
    expect(tables()).toEqual(['hedge_clock', 'locktable', 'logtable']);
    expect((await runHere(['status', '--database', database])).code).toBe(0);
  });

  it('is that of Spanner unless told otherwise', async () => {
    const { code, stdout } = await runHere(['schema', '--lock-table', 'l', '--json']);
    expect(code).toBe(0);
    const { dialect, statements } = JSON.parse(stdout) as { dialect: string; statements: string[] };
    expect([dialect, statements.length]).toEqual(['spanner', 3]);
    expect(statements[0]).toContain('CREATE TABLE IF NOT EXISTS l (');
  });

  it('--apply creates what is missing, says what, and then nothing', async () => {
    emptyDatabase();
    const apply = ['schema', '--apply', '--database', database];
    const first = await runCommand(apply);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^Created in SQLite .*locktable.*logtable.*hedge_clock/s);
    expect(tables()).toEqual(['hedge_clock', 'locktable', 'logtable']);

    expect((await runHere(apply)).stdout).toMatch(/^Nothing to create/);
    const another = await runHere([...apply, '--lock-table', 'other', '--json']);
    const { created } = JSON.parse(another.stdout) as { created: string[] };
    expect(created).toEqual([expect.stringContaining('"other"')]);
  });
});

describe('status', () => {
  it('reads a file that this user may only read, while members run', async () => {
    const store = sqliteStore(file);
    await store.open(CALL);
    await insertSessions(3);
    chmodSync(file, 0o444);
    chmodSync(join(file, '..'), 0o555);
    const uid = process.getuid?.() === 0 ? NOBODY : undefined;
    const running = await runCommand(['status', '--database', database, '--json'], { uid });
    expect(running).toMatchObject({ code: 0, stderr: '' });
    expect(groupsOf(running)[0].sessions.total).toBe(3);

    // Without what they keep beside it, SQLite would have to write there.
    await store.close();
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix);
    const alone = await runCommand(['status', '--database', database], { uid });
    chmodSync(join(file, '..'), 0o755);
    expect(failure(alone)).toContain('this user may write');
  });

  it('writes nothing to the tables', async () => {
    await insertSessions(3);
    const db = new Database(file);
    const [{ data_version: before }] = db.prepare('PRAGMA data_version').all([]) as never[];
    const { code } = await runHere(['status', '--database', database]);
    const [{ data_version: after }] = db.prepare('PRAGMA data_version').all([]) as never[];
    expect([code, after]).toEqual([0, before]);
  });

  it('counts 100,000 rows, and never holds them all', async () => {
    await insertSessions(100_000);
    // All of them at once take more than this.
    const env = { NODE_OPTIONS: '--max-old-space-size=40' };
    const result = await runCommand(['status', '--database', database, '--json'], { env });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const [{ sessions }] = groupsOf(result);
    expect([sessions.total, sessions.dead, sessions.rows.length]).toEqual([100_000, 100_000, 100]);

    const text = await runHere(['status', '--database', database, '--limit', '2']);
    expect(text.stdout).toContain('100000 (100000 dead)');
    expect(text.stdout).toContain('… and 99998 more');
  });

  it('finds every group, whatever their names and rows', async () => {
    const names = ['a', 'a!', 'b', 'Ünïcode 🦔', '𐀀', '\uffee', 'z'];
    await insertRows([
      ...names.map((name) => [`hedge/${name}/something/x`, 'w'] as const),
      ['hedge/spindle/lockname/a', '10.0.0.1:1'],
      ['hedge/spindle/lockname/a#term', 'gone'],
      ['hedge/spindle/lockname/a!', '10.0.0.1:1'],
      ['hedge/spindle/lockname/of go', '10.0.0.1:2'],
      ['hedge/', 'w'],
      ['hedge/no-group', 'w'],
      ['hedge//x', 'w'],
      ['other/x/y', 'w'],
      ['zzz', 'w'],
    ]);
    const groups = groupsOf(await runHere(['status', '--database', database, '--json']));
    expect(groups.map(({ group }) => group).toSorted()).toEqual([...names, 'of go'].toSorted());
    expect(groups.find(({ group }) => group === 'b')).toMatchObject({ leader: null, otherRows: 1 });
    const ofGo = groups.find(({ group }) => group === 'of go');
    expect(ofGo).toMatchObject({ leader: null, lockRow: { writer: '10.0.0.1:2', age: null } });

    const { stdout } = await runHere(['status', '--database', database]);
    for (const name of names) expect(stdout).toContain(`\n${name} `);
    const [only] = groupsOf(
      await runHere(['status', '--database', database, '--json', '--group', 'a!']),
    );
    expect(only).toMatchObject({ group: 'a!', otherRows: 1 });
  });

  it('shows what became of leader crons', async () => {
    const runs = { done: 'done 17', cut: 'running 17', strange: 'jogging 17' };
    await insertRows(
      Object.entries(runs).map(([name, run]) => [
        `hedge/g/cron/${name}`,
        `2026-11-23T15:00:00.000Z ${run} claim 127.0.0.1:1`,
      ]),
    );
    const [group] = groupsOf(await runHere(['status', '--database', database, '--json']));
    const newerFormat = null;
    const slot = '2026-11-23T15:00:00.000Z';
    const run = { slot, member: '127.0.0.1:1', token: '17', newerFormat };
    const unknown = { slot: null, state: null, member: null, token: null, newerFormat };
    expect(group.crons).toEqual({
      total: 3,
      dead: 0,
      rows: [
        { name: 'cut', state: 'interrupted', ...run },
        { name: 'done', state: 'done', ...run },
        { name: 'strange', ...unknown },
      ],
    });
    expect([group.deadRows, group.otherRows]).toEqual([0, 0]);
    const { stdout } = await runHere(['status', '--database', database]);
    expect(stdout).toMatch(/cut +2026-11-23T15:00:00Z +interrupted +127\.0\.0\.1:1 +17/);
  });

  it('shows what others wrote without letting it move the cursor', async () => {
    await insertRows([
      ['hedge/g/lock/\u001b[2J\u202eevil\nname#t', 'session-\u0007'],
      ['hedge/g/cron/nightly', '\u001b]0;title'],
      ['hedge/g/session/s', 'no lease'],
    ]);
    const { code, stdout } = await runHere(['status', '--database', database]);
    expect(code).toBe(0);
    // oxlint-disable-next-line no-control-regex -- those are what this is about
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(stdout).toContain('\\u{1b}[2J\\u{202e}evil\\u{a}name');
  });

  it('ends quietly when its reader has seen enough', async () => {
    await insertSessions(5_000);
    const status = shellCommand(['status', '--database', database, '--limit', '5000']);
    const pipe = `set -o pipefail; ${status} | head -n 3`;
    const result = await startProgram('bash', ['-c', pipe]).result;
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout.split('\n')).toHaveLength(4);
  });

  it('fits its tables into a terminal, with colours unless they are not wanted', async () => {
    await insertSessions(3);
    const wide = await onTerminal(200);
    expect(wide).toContain('\u001b[');
    expect(wide).toContain('session-0000001');
    const narrow = await onTerminal(40, 'NO_COLOR=1 ');
    expect(narrow).not.toContain('\u001b[');
    const [, list] = narrow.split('\nSessions\n');
    const widths = list.split('\n').map((line) => line.trimEnd().length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(40);
    expect(narrow).toContain('…');
  });
});

/** @returns what a terminal of so many columns shows */
async function onTerminal(columns: number, prefix = ''): Promise<string> {
  const line = `stty cols ${columns}; ${prefix}${shellCommand(['status', '--database', database])}`;
  // Where it sees CI, Node takes a terminal for one without colours.
  const plain = { NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined };
  const env = { TERM: 'xterm-256color', ...plain };
  const result = await startProgram('script', ['-qec', line, '/dev/null'], { env }).result;
  return result.stdout.replaceAll('\r\n', '\n');
}

/** The one line on stderr, of a command that failed. */
function failure({ code, stdout, stderr }: CommandResult): string {
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^nestjs-hedge: [^\n]+\n$/);
  return stderr;
}

function groupsOf({ stdout }: CommandResult): GroupStatus[] {
  return (JSON.parse(stdout) as { groups: GroupStatus[] }).groups;
}

function emptyDatabase(): InstanceType<typeof Database> {
  const db = new Database(file);
  db.exec('PRAGMA user_version = 1');
  return db;
}

function tables(): string[] {
  const sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
  return (new Database(file).prepare(sql).all([]) as { name: string }[]).map(({ name }) => name);
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(join(folder, fd));
    } catch {
      // Closed since.
      return '';
    }
  });
}

async function insertSessions(count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, at) => `${at}`.padStart(7, '0'));
  await insertRows(numbers.map((at) => [`hedge/group/session/session-${at}`, `1000 host:${at}`]));
}

/** Rows without a heartbeat, so whoever owns them is dead. */
async function insertRows(rows: readonly (readonly [name: string, writer: string])[]) {
  const store = sqliteStore(file);
  await store.open(CALL);
  await store.close();
  const db = new Database(file);
  db.exec('BEGIN');
  const insert = db.prepare('INSERT INTO locktable (name, writer, token) VALUES (?, ?, 1)');
  for (const [name, writer] of rows) insert.run([name, writer]);
  db.exec('COMMIT');
  db.close();
}
