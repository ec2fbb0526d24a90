import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Lower rooms first: each may import those before it. */
const ROOMS = [
  'errors',
  'decorators',
  'store',
  'session',
  'lock',
  'messaging',
  'membership',
  'broadcast',
  'leader',
  'request',
  'queue',
  'semaphore',
  'log',
  'hedge',
  'schedule',
  'terminus',
  'testing',
  'cli',
  'opentelemetry',
];
/** What every room may import. */
const EVERYWHERE = ['hedge.channels', 'hedge.messages', 'abort.listeners', 'decorators'];

/** Neighbours that know nothing of each other, whatever their order. */
const STRANGERS = ['messaging lock', 'membership lock'];

/** Packages that only one place may import. */
const RESERVED: [name: string, pattern: RegExp, place: RegExp][] = [
  ['@google-cloud/spanner', /^(@google-cloud\/|google-gax)/, /^src\/store\/spanner\//],
  ['libsql', /^libsql/, /^src\/store\/sqlite\//],
  // Depths that Nest gives no promise for.
  [
    'Nest internals',
    /^@nestjs\/(common|core|microservices)\/.+/,
    /^src\/messaging\/handler\.factory\.ts$/,
  ],
  ['@nestjs/schedule', /^@nestjs\/schedule/, /^src\/schedule\//],
  ['@nestjs/terminus', /^@nestjs\/terminus/, /^src\/terminus\//],
  ['the command line', /^(commander|cli-table3)/, /^src\/cli\//],
  ['@opentelemetry/api', /^@opentelemetry\//, /^src\/opentelemetry\//],
  ['vitest', /^(vitest|@nestjs\/testing)/, /\.spec\.ts$/],
];

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file));

describe('the rules of the house', () => {
  it('are kept by every import', () => {
    const faults = sources.flatMap((file) =>
      faultsOf(file, readFileSync(file, 'utf8')).map((name) => `${file} imports ${name}`),
    );
    expect(sources.length).toBeGreaterThan(100);
    expect(faults).toEqual([]);
  });

  it.each([
    ['src/store/a.ts', "import { Term } from '../lock/index.js';"],
    ['src/session/a.ts', "import type { Term } from '../lock/term.js';"],
    ['src/messaging/a.ts', "const rooms = await import('../leader/index.js');"],
    ['src/lock/a.ts', "export { Peers } from '../messaging/index.js';"],
    ['src/messaging/a.ts', "import { Term } from '../lock/index.js';"],
    ['src/log/a.ts', "import { HedgeService } from '../hedge.service.js';"],
    ['src/log/a.ts', "import { HedgeService } from '../index.js';"],
    ['src/leader/a.ts', "import { namedLock } from '../lock/lock.rows.js';"],
    ['src/store/sqlite/a.ts', "import type { Database } from '@google-cloud/spanner';"],
    ['src/store/a.ts', "const { default: driver } = await import('libsql');"],
    [
      'src/messaging/a.ts',
      "import { RpcProxy } from '@nestjs/microservices/context/rpc-proxy.js';",
    ],
    ['src/log/a.ts', "import { freshFile } from '../../test/support/sqlite-file.js';"],
    ['src/log/a.ts', "import { HedgeError } from 'nestjs-hedge';"],
    ['src/log/a.ts', "import { vi } from 'vitest';"],
    ['src/log/a.ts', "import { commit } from './group.commit.spec.js';"],
  ])('fires: in %s, %s', (file, source) => {
    expect(faultsOf(file, source)).toHaveLength(1);
  });

  it('lets a room import the ones below, and hedge.* all of them', () => {
    const log = `
      import { HedgeError } from '../errors/index.js';
      import { PUTTING } from '../hedge.messages.js';
      import { onAbort } from '../abort.listeners.js';
      import { copyMetadata } from '../decorators/copy-metadata.js';
      import { batch } from './batch.js';`;
    expect(faultsOf('src/log/a.ts', log)).toEqual([]);
    const module = "export * from './log/index.js'; import './hedge.service.js';";
    expect(faultsOf('src/hedge.module.ts', module)).toEqual([]);
  });

  it('finds cycles of imports by lint', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hedge-cycle-'));
    try {
      writeFileSync(
        join(folder, 'a.ts'),
        "import { b } from './b.js';\nexport const a = () => b;\n",
      );
      writeFileSync(
        join(folder, 'b.ts'),
        "import { a } from './a.js';\nexport const b = () => a;\n",
      );
      const lint = spawnSync('npx', ['oxlint', '-c', '.oxlintrc.json', folder], {
        encoding: 'utf8',
      });
      expect(lint.stdout).toContain('no-cycle');
      expect(lint.status).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The imports of a file under src that the house forbids. */
function faultsOf(file: string, source: string): string[] {
  const isSpec = file.endsWith('.spec.ts');
  return ts
    .preProcessFile(source)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !(name.startsWith('.') ? mayReach(file, name, isSpec) : mayUse(file, name)));
}

function mayUse(file: string, name: string): boolean {
  if (name.startsWith('nestjs-hedge')) return false;
  return RESERVED.every(([, pattern, place]) => !pattern.test(name) || place.test(file));
}

function mayReach(file: string, name: string, isSpec: boolean): boolean {
  const target = join(file, '..', name);
  if (isSpec) return true;
  if (!target.startsWith('src/') || target.endsWith('.spec.js')) return false;
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to) return true;
  if (STRANGERS.includes(`${from} ${to}`)) return false;
  if (EVERYWHERE.includes(to)) return true;
  // Rooms meet at their doors: what a room keeps for itself is not for the others.
  const isDoor = target === `src/${to}/index.js` || to === 'hedge';
  return ROOMS.indexOf(to) < ROOMS.indexOf(from) && isDoor;
}

/** The folder under src; files beside the folders are the top room. */
function roomOf(file: string): string {
  const [, room] = file.split('/');
  if (!room.includes('.')) return room;
  const name = room.replace(/\.[jt]s$/, '');
  return EVERYWHERE.includes(name) ? name : 'hedge';
}
